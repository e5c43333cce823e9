/** The classic script: window.sockjax has what the ES module exports. */
import { version, wasmFile, workerFile } from "sockjax:assets";
import { connector } from "./connect.js";
import { Sockjax } from "./client.js";
import { SockjaxError } from "../shared/errors.js";

const { document } = globalThis;
const src = document?.currentScript?.src; // known only while it is loaded; "" where it stands inline in a page
const beside = (file) => () => new URL(file, src || (document?.baseURI ?? globalThis.location?.href));
const connect = connector({ wasm: beside(wasmFile), worker: beside(workerFile) });
globalThis.sockjax = Object.freeze({ connect, Sockjax, SockjaxError, version });
