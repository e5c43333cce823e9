// sockjax as a user has it: the built package, its public API.
import { connect as open } from "/sockjax.js";
import { start } from "./page.js";

export const connect = (url) => start(open, url);
