import { CODE_ABORTED, CODE_INVALID, CODE_LOST, CODE_OVERLOADED, CODE_REJECTED, FATE_EXECUTED, FATE_UNSENT } from "./abi.js";

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
  if (error !== undefined) return new SockjaxError(CODE_REJECTED, FATE_EXECUTED, text, { reason: String(code ?? ""), data });
  return new SockjaxError(code === CODE_OVERLOADED ? CODE_OVERLOADED : CODE_INVALID, FATE_UNSENT, text);
}

export function aborted(fate, signal) {
  return new SockjaxError(CODE_ABORTED, fate, "the call was aborted", { cause: signal.reason });
}

/** The error of a call that has run, and whose outcome an earlier life of the page was given. */
export function forgotten() {
  return new SockjaxError(CODE_LOST, FATE_EXECUTED, "the request has run; its reply was delivered before, and the server has let it go");
}

/** Reports what a callback of the page threw as the page's own uncaught error. */
export const report =
  globalThis.reportError?.bind(globalThis) ??
  ((error) => {
    setTimeout(() => {
      throw error;
    });
  });
