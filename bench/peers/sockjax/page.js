/** Resolves to send(data, callback), through a built package's connect. */
export async function start(connect, url, options) {
  // More than the defaults, for the rows with 1 MB a request and with 100,000 calls in flight.
  const api = connect(url, { queue: { calls: 200_000, bytes: 256 << 20 }, ...options });
  await api.ready;
  return (data, callback) => api.send(data, callback);
}
