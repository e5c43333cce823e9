/** The classic script: window.sockjax has what the ES module exports. */
import { version, wasmFile } from "sockjax:assets";
import { Sockjax, connector } from "./client.js";
import { SockjaxError } from "../shared/errors.js";

const connect = connector(new URL(wasmFile, globalThis.document?.currentScript?.src ?? location.href));
globalThis.sockjax = Object.freeze({ connect, Sockjax, SockjaxError, version });
