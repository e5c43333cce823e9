/** Not evaluated when it is imported: see web/api/sockjax.js. */
export const besideURL = () => new URL("./classic.js", import.meta.url);
