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

/** The error of an error message, or of a refusal: see PROTOCOL.md. */
export function failure({ error, refused }) {
  const { code, message, data } = error ?? refused ?? {};
  const text = String(message ?? code ?? "the server gave no reason");
  if (error !== undefined) return new SockjaxError("rejected", "executed", text, { reason: String(code ?? ""), data });
  return new SockjaxError(code === "overloaded" ? "overloaded" : "invalid", "unsent", text);
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
