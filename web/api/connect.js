import { ClientHost } from "../host/client-host.js";
import { RemoteHost } from "../port/remote-host.js";
import { Runtime } from "../host/runtime.js";
import { Sockjax } from "./client.js";
import { canShare } from "../port/link.js";
import { complete } from "./options.js";
import { pageURL, socketURL } from "../shared/url.js";

/** Makes the page's connect function. own.wasm and own.worker return where these lie beside the script, and throw if the script has no such place. */
export function connector(own) {
  const wasmOf = onePlace("wasm", own.wasm);
  let runtime = null;
  return function connect(url, options) {
    if (!globalThis.WebSocket) throw new Error("sockjax: there is no WebSocket here; Node.js before version 22 has one with --experimental-websocket");
    const all = complete(options);
    const where = typeof url === "function" ? url : socketURL(url);
    if (typeof where === "string") all.outbox.name ??= where;
    const wasm = wasmOf(options?.wasmURL);
    if (all.host === "page") {
      runtime ??= new Runtime(wasm);
      return new Sockjax(all, (face) => new ClientHost(runtime, where, all, face));
    }
    const { workerURL = null } = options;
    const files = { wasm, worker: workerURL === null ? beside("worker", own.worker) : pageURL(workerURL, "workerURL").href };
    return new Sockjax(all, (face) => remote(files, where, all, face));
  };
}

/** Functions can't be compared: clients that have one share a worker's socket only under one name. */
function remote(files, url, all, face) {
  const { token, ...options } = all;
  const asks = { url: typeof url === "function", token: typeof token === "function" };
  const config = { url: asks.url ? "" : url, asks, options: asks.token ? options : all };
  const comparable = all.name !== undefined || !(asks.url || asks.token);
  const kind = all.host === "shared" && canShare() && comparable ? "shared" : "worker";
  if (kind === "shared") config.key = JSON.stringify(config);
  return new RemoteHost(kind, files, config, { token, url: async () => socketURL(await url()) }, face);
}

/** The page has one wasm, from wherever its first client says. */
function onePlace(what, own) {
  let present = null;
  return (given = null) => {
    if (given === null) return (present ??= beside(what, own));
    const { href } = pageURL(given, "wasmURL");
    if (present !== null && present !== href) {
      throw new TypeError(`sockjax: all clients of a page share one wasm, which comes from ${present}: a later one can't have it from ${href}`);
    }
    return (present = href);
  };
}

function beside(what, own) {
  try {
    return pageURL(String(own()), what).href; // Turbopack's URLs begin at the site
  } catch (cause) {
    throw new TypeError(`sockjax: this script has no URL of its own, beside which its ${what} could lie: the option ${what}URL must say where it is`, { cause });
  }
}
