import wasmURL from "sockjax/sockjax.wasm";
import { tell } from "./call.js";

globalThis.called = async () => {
  const [{ connect }, { use }] = await Promise.all([import("sockjax"), import("./call.js")]);
  tell(use(connect, "/ws", { wasmURL }));
};
