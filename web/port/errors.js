import { SockjaxError } from "../shared/errors.js";

/** An error as it crosses: a structured clone keeps no class, and no more than a browser's own cause. */
export function pack(error) {
  if (error === null) return null;
  const { code, fate, message, reason, data, cause } = error;
  return { code, fate, message, reason, data, cause: cause instanceof Error ? String(cause.message) : undefined };
}

export function unpack(error) {
  if (error === null) return null;
  const { code, fate, message, cause, ...details } = error;
  return new SockjaxError(code, fate, message, { ...details, cause: cause === undefined ? undefined : new Error(cause) });
}
