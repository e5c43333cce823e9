import wasmURL from "sockjax/sockjax.wasm";
import { tell } from "./call.js";

const workerURL = "/dist/sockjax-worker.js"; // where the page's server has a copy
const load = () => Promise.all([import("sockjax"), import("./call.js")]);

globalThis.called = async () => {
  const [{ connect }, { use }] = await load();
  tell(use(connect, "/ws", { wasmURL }));
};
globalThis.hosted = async () => {
  const [{ connect }, { useInWorkers }] = await load();
  tell(useInWorkers(connect, "/ws", { wasmURL, workerURL }));
};
globalThis.lost = async () => {
  const [{ connect }, { useInWorkers }] = await load();
  tell(useInWorkers(connect, "/ws", { wasmURL }, ["worker"]));
};
