import { connect, SockjaxError, type Sockjax } from "sockjax";
import wasmURL from "sockjax/sockjax.wasm";

const api: Sockjax = connect("/ws", { wasmURL });
const sum: number = await api.request<number>({ api: "add", a: 1, b: 2 });
// @ts-expect-error: the types are there, and strict
const text: string = await api.request<number>({ api: "add", a: 1, b: 2 });

export const outcome = [sum, text, new SockjaxError("closed", "unsent", "")];
