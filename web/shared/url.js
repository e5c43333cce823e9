/** Makes what the page gave, the option or argument of that name, into a URL: relative ones begin at the page. */
export function pageURL(given, name) {
  // new URL takes anything: undefined would be a file of that name next to the page.
  const text = typeof given === "string" ? given : given?.href;
  if (typeof text !== "string") {
    throw new TypeError(`sockjax: ${name} must be a string or a URL, not ${given === null ? "null" : typeof given}`);
  }
  const { document, location, origin } = globalThis;
  // The URL of a worker or a page that was made of a blob is no base, but such a one has the origin of its maker.
  for (const base of [document?.baseURI ?? location?.href, origin]) {
    try {
      return new URL(text, base);
    } catch {
      // The next one may do.
    }
  }
  throw new TypeError(`sockjax: ${text} is no URL`);
}

/** Makes what the page gave into a WebSocket URL. */
export function socketURL(given) {
  const url = pageURL(given, "the URL");
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new TypeError(`sockjax: a URL must begin with ws, wss, http or https: ${url}`);
  }
  url.hash = ""; // a WebSocket refuses one
  return url.href;
}
