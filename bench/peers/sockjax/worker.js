// sockjax with socket and wasm in a worker of the page's.
import { connect as open } from "/sockjax.js";
import { start } from "./page.js";

export const connect = (url) => start(open, url, { host: "worker" });
