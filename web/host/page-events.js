/**
 * Tells what the browser says of page and network, in a worker too. Most of it
 * only nudges: what a socket is worth shows when it is used.
 */
export function watchPage(nudge, pause) {
  const listen = (target, type, act) => target?.addEventListener?.(type, act); // a server that renders pages has neither
  const { document } = globalThis;
  listen(globalThis, "online", nudge);
  listen(globalThis, "offline", nudge); // may be wrong, as for a server on this machine: a reason to look, no more
  listen(document, "resume", nudge);
  listen(document, "visibilitychange", () => {
    if (document.visibilityState === "visible") nudge();
  });
  // Only a page on its way into the back/forward cache comes back. It must not
  // take an open socket along; any other goes with its sockets.
  listen(globalThis, "pagehide", ({ persisted }) => {
    if (persisted) pause();
  });
  listen(globalThis, "pageshow", ({ persisted }) => {
    if (persisted) nudge();
  });
}
