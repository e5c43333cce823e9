// sockjax of another checkout: see ../../compare.
import { connect as open } from "/other/sockjax.js";
import { start } from "./page.js";

export const connect = (url) => start(open, url);
