import { CODE_LOST, FATE_EXECUTED } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";

/** An error as it crosses: a structured clone keeps no class, and of its cause name and message. */
export function pack(error) {
  if (error === null) return null;
  const { code, fate, message, reason, data, cause } = error;
  return { code, fate, message, reason, data, cause: cause instanceof Error ? [String(cause.name), String(cause.message)] : undefined };
}

export function unpack(error) {
  if (error === null) return null;
  const { code, fate, message, cause, ...details } = error;
  return new SockjaxError(code, fate, message, { ...details, cause: cause && Object.assign(new Error(cause[1]), { name: cause[0] }) });
}

/** The error of an outcome; that is also what could not cross. */
export function crossed(reply, error) {
  return reply === undefined && !error ? tooDeep() : unpack(error);
}

export function tooDeep() {
  return new SockjaxError(CODE_LOST, FATE_EXECUTED, "what the handler gave is nested too deeply to come from a worker");
}
