/** The ES module: see sockjax.d.ts. */
import { version } from "sockjax:assets";
import { connector } from "./connect.js";
import { Sockjax } from "./client.js";
import { SockjaxError } from "../shared/errors.js";

// Bundlers find the file by this literal; the build puts the hash in. Not
// evaluated here: the URL of a module from a blob, or in a bundle, is no base.
export const connect = connector({
  wasm: () => new URL("./sockjax.wasm", import.meta.url),
  worker: () => new URL("./sockjax-worker.js", import.meta.url),
});
export { Sockjax, SockjaxError, version };
