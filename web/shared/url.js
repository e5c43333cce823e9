/** Makes what the page gave into a WebSocket URL. */
export function socketURL(given) {
  // new URL takes anything: undefined would be a file of that name next to the page.
  const text = typeof given === "string" ? given : given?.href;
  if (typeof text !== "string") {
    throw new TypeError(`sockjax: the URL must be a string or a URL, not ${given === null ? "null" : typeof given}`);
  }
  let url;
  try {
    url = new URL(text, globalThis.document?.baseURI ?? globalThis.location?.href);
  } catch {
    throw new TypeError(`sockjax: ${text} is no URL`);
  }
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new TypeError(`sockjax: a URL must begin with ws, wss, http or https: ${url}`);
  }
  url.hash = ""; // a WebSocket refuses one
  return url.href;
}
