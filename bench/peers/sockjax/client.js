// sockjax as a user has it: the built package, its public API.
import { connect as open } from "/sockjax.js";

/** Resolves to send(data, callback). */
export async function connect(url) {
  // More than the defaults, for the rows with 1 MB a request and with 100,000 calls in flight.
  const api = open(url, { queue: { calls: 200_000, bytes: 256 << 20 } });
  await api.ready;
  return (data, callback) => api.send(data, callback);
}
