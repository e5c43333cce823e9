import type * as all from "./sockjax.js";

declare global {
  /** What the classic script makes: the same as the ES module exports. */
  var sockjax: typeof all;
}
