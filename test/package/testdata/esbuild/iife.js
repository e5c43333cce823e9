import { connect } from "sockjax";
import wasmURL from "sockjax/sockjax.wasm";
import { tell, use } from "./call.js";

globalThis.called = () => tell(use(connect, "/ws", { wasmURL }));
