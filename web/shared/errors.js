/** How a call fails. See sockjax.d.ts for the codes and fates. */
export class SockjaxError extends Error {
  constructor(code, fate, message, { reason, data, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fate = fate;
    if (reason !== undefined) this.reason = reason;
    if (data !== undefined) this.data = data;
  }

  get name() {
    return "SockjaxError";
  }
}

/** The error of a call whose handler returned one: see readError in ../host/messages.js. */
export function rejected({ code, message, data }) {
  return new SockjaxError("rejected", "executed", said(code, message), { reason: code, data });
}

/** The error of a call that the server refused, and that is not tried again. A code of a later version still promises that nothing ran, and its after that another try may help. */
export function refusal({ code, message, after }) {
  const pointless = code === "invalid" || (code !== "overloaded" && after === 0);
  return new SockjaxError(pointless ? "invalid" : "overloaded", "unsent", said(code, message), { reason: code });
}

/** The error of a call whose outcome says that no handler ran. An earlier session, which was lost, may have run it. */
export function notRun({ code, message, data }, lost) {
  if (lost) return new SockjaxError("lost", "unknown", "the server has no handler for the request now, but may have run it before it lost the session");
  return new SockjaxError("invalid", "unsent", said(code, message), { reason: code, data });
}

function said(code, message) {
  return message || code || "the server gave no reason";
}

export function aborted(fate, signal) {
  return new SockjaxError("aborted", fate, "the call was aborted", { cause: signal.reason });
}

/** The error of a call that has run, and whose outcome an earlier life of the page was given. */
export function forgotten() {
  return new SockjaxError("lost", "executed", "the request has run; its reply was delivered before, and the server has let it go");
}

/** Reports what a callback of the page threw as the page's own uncaught error. */
export const report =
  globalThis.reportError?.bind(globalThis) ??
  ((error) => {
    setTimeout(() => {
      throw error;
    });
  });
