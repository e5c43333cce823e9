import { ClientHost } from "../host/client-host.js";
import { Runtime } from "../host/runtime.js";
import { Sockjax } from "./client.js";
import { complete } from "./options.js";
import { pageURL, socketURL } from "../shared/url.js";

/** Makes the page's connect function. ownURL returns where the wasm lies beside the script, and throws if the script has no such place. */
export function connector(ownURL) {
  let runtime = null;
  return function connect(url, options) {
    if (!globalThis.WebSocket) throw new Error("sockjax: there is no WebSocket here; Node.js before version 22 has one with --experimental-websocket");
    const all = complete(options);
    const where = typeof url === "function" ? url : socketURL(url);
    if (typeof where === "string") all.outbox.name ??= where;
    runtime = runtimeFrom(options?.wasmURL, runtime, ownURL);
    return new Sockjax(all, (face) => new ClientHost(runtime, where, all, face));
  };
}

/** The page has one runtime, from wherever its first client says. */
function runtimeFrom(wasmURL, present, ownURL) {
  if (wasmURL === undefined || wasmURL === null) return present ?? new Runtime(besideScript(ownURL));
  const given = pageURL(wasmURL, "wasmURL").href;
  if (present !== null && present.url !== given) {
    throw new TypeError(`sockjax: all clients of a page share one wasm, which comes from ${present.url}: a later one can't have it from ${given}`);
  }
  return present ?? new Runtime(given);
}

function besideScript(ownURL) {
  try {
    return String(ownURL());
  } catch (cause) {
    throw new TypeError("sockjax: this script has no URL of its own, beside which its wasm could lie: the option wasmURL must say where it is", { cause });
  }
}
