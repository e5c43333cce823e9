/** What runs in a worker, dedicated or shared: hosts for the clients of pages, behind ../port/port.js. */
import { PORT, Line } from "../port/port.js";
import { Runtime } from "./runtime.js";
import { Shared, Tab } from "./tabs.js";
import { report } from "../shared/errors.js";
import { uuid } from "../shared/uuid.js";

const life = `sockjax worker ${uuid()}`;
let runtime = null; // a worker's name tells its wasm, so there is one
const shared = new Map(); // key → Shared

/** Tells pages, by a lock, that this worker lives. */
const living = navigator.locks
  ? new Promise((resolve) => navigator.locks.request(life, () => (resolve(life), new Promise(() => {}))).catch(() => resolve("")))
  : Promise.resolve("");

/**
 * Takes a client of a page. config is {version, key, url, asks, options, wasm,
 * life}: clients with the same key share one; asks tells whether the page is to
 * be asked for url and token; life is the name of a lock that the page holds.
 */
async function take(config, port) {
  if (config?.version !== PORT) {
    const line = new Line(port, {});
    line.say("refused", "sockjax: the worker's script and the page's are of different builds: serve both from one build, and have no cache keep the old one");
    return;
  }
  const { key = Symbol("alone"), wasm } = config;
  const name = await living;
  runtime ??= new Runtime(wasm);
  if (!shared.has(key)) shared.set(key, new Shared(runtime, config, () => shared.delete(key)));
  const own = shared.get(key);
  const tab = new Tab(own, port);
  tab.say("hello", name);
  own.add(tab);
  if (config.life) navigator.locks.request(config.life, () => tab.gone()).catch(report);
}

const hear = ({ data, ports: [port] }) => take(data, port);
if ("onconnect" in globalThis) {
  globalThis.onconnect = ({ ports: [port] }) => (port.onmessage = hear);
} else {
  globalThis.onmessage = hear;
}
