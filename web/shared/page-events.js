let leaving = false; // true, or "now", between pagehide and pageshow

/**
 * Whether the page may end before anything is done that takes time: it is
 * hidden, is being left, or has just been asked whether it may be left. (For
 * the last there is no listener: some browsers keep pages with one out of the
 * back/forward cache.) "now" if it ends with this turn.
 */
export function isHiding() {
  const { document, event } = globalThis;
  return leaving || document?.visibilityState === "hidden" || event?.type === "beforeunload";
}

/**
 * Tells what the browser says of page and network, in a worker too. Most of it
 * only nudges: what a socket is worth shows when it is used. hide is called
 * before the page's own listeners hear that it is hidden or left, and pause
 * behind them.
 */
export function watchPage({ nudge, hide, pause }) {
  const { document } = globalThis;
  const listen = (target, type, act, options) => target?.addEventListener?.(type, act, options); // a server that renders pages has neither
  const first = { capture: true };
  listen(globalThis, "online", nudge);
  listen(globalThis, "offline", nudge); // may be wrong, as for a server on this machine: a reason to look, no more
  listen(document, "resume", nudge);
  listen(globalThis, "visibilitychange", () => (document.visibilityState === "visible" ? nudge() : hide()), first);
  listen(globalThis, "pagehide", ({ persisted }) => {
    leaving = persisted || "now";
    hide();
    if (!persisted) return;
    // Only a page on its way into the back/forward cache comes back. It must
    // not take an open socket along; any other goes with its sockets. Before
    // that, the page may make calls: in its listeners for this event, and for
    // visibilitychange, which should follow if the page could be seen.
    const last = () => leaving && pause();
    listen(globalThis, document?.visibilityState === "visible" ? "visibilitychange" : "pagehide", last, { once: true });
    setTimeout(last);
  }, first);
  listen(globalThis, "pageshow", ({ persisted }) => {
    leaving = false;
    if (persisted) nudge();
  });
}
