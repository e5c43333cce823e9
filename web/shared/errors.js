import { CODE_ABORTED, CODE_INVALID, CODE_LOST, CODE_OVERLOADED, CODE_REJECTED, FATE_EXECUTED, FATE_UNKNOWN, FATE_UNSENT } from "./abi.js";

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
  return new SockjaxError(CODE_REJECTED, FATE_EXECUTED, said(code, message), { reason: code, data });
}

/** The error of a call that the server refused, and that is not tried again. A code of a later version still promises that nothing ran, and its after that another try may help. */
export function refusal({ code, message, after }) {
  const pointless = code === CODE_INVALID || (code !== CODE_OVERLOADED && after === 0);
  return new SockjaxError(pointless ? CODE_INVALID : CODE_OVERLOADED, FATE_UNSENT, said(code, message), { reason: code });
}

/** The error of a call whose outcome says that no handler ran. An earlier session, which was lost, may have run it. */
export function notRun({ code, message, data }, lost) {
  if (lost) return new SockjaxError(CODE_LOST, FATE_UNKNOWN, "the server has no handler for the request now, but may have run it before it lost the session");
  return new SockjaxError(CODE_INVALID, FATE_UNSENT, said(code, message), { reason: code, data });
}

function said(code, message) {
  return message || code || "the server gave no reason";
}

/** signal is missing where only the page knows it. */
export function aborted(fate, signal) {
  return new SockjaxError(CODE_ABORTED, fate, "the call was aborted", { cause: signal?.reason });
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
