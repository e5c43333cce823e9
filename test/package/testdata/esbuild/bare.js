import { connect } from "sockjax";
import { tell, use } from "./call.js";

globalThis.called = () => tell(use(connect, "/ws"));
