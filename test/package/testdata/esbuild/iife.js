import { connect } from "sockjax";
import wasmURL from "sockjax/sockjax.wasm";
import { tell, use, useInWorkers } from "./call.js";

const workerURL = "/dist/sockjax-worker.js"; // where the page's server has a copy

globalThis.called = () => tell(use(connect, "/ws", { wasmURL }));
globalThis.hosted = () => tell(useInWorkers(connect, "/ws", { wasmURL, workerURL }));
globalThis.lost = () => tell(useInWorkers(connect, "/ws", { wasmURL }, ["worker"]));
