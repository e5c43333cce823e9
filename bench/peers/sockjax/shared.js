// sockjax with socket and wasm in a worker that all tabs share.
import { connect as open } from "/sockjax.js";
import { start } from "./page.js";

export const connect = (url) => start(open, url, { host: "shared" });
