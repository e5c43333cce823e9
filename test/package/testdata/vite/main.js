import { connect } from "sockjax";
import { tell, use, useInWorkers } from "./call.js";

globalThis.called = () => tell(use(connect, "/ws"));
globalThis.hosted = () => tell(useInWorkers(connect, "/ws"));
