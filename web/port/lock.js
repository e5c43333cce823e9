import { report } from "../shared/errors.js";

/** Resolves when the lock of that name is held, until the signal: to whether it is. */
export function hold(name, signal) {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return Promise.resolve(false);
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return signal.aborted ? undefined : new Promise((letGo) => signal.addEventListener("abort", letGo, { once: true }));
    };
    locks.request(name, held).catch((error) => {
      report(error);
      resolve(false);
    });
  });
}
