/** The classic script: window.sockjax has what the ES module exports. */
import { version, wasmFile } from "sockjax:assets";
import { connector } from "./connect.js";
import { Sockjax } from "./client.js";
import { SockjaxError } from "../shared/errors.js";

const { document } = globalThis;
const src = document?.currentScript?.src; // known only while it is loaded; "" where it stands inline in a page
const connect = connector(() => new URL(wasmFile, src || (document?.baseURI ?? globalThis.location?.href)));
globalThis.sockjax = Object.freeze({ connect, Sockjax, SockjaxError, version });
