import { connect } from "sockjax";
import { besideURL } from "beside";
import { start, tell, use } from "./call.js";

globalThis.called = () => tell(use(connect, "/ws"));
globalThis.started = (original) => tell(start(besideURL(), original));
