// The same face for sockjax, sockjax in plain mode, and the seed, so that one
// scenario runs against each of them.
//
// Options: retry (ms between attempts, at most), ping (ms of silence), dead
// (ms without an answer to it), calls (bound of the queue), proxied (through
// the fault proxy), idle (do not connect yet; only the seed can).
globalThis.clients = (() => {
  const ours = (protocol) => (server, { retry = 50, ping = 25_000, dead = 10_000, calls = 10_000, proxied } = {}) => {
    const api = T.connect(proxied ? server.proxied : server.ws, {
      protocol,
      heartbeat: { after: ping, timeout: dead },
      reconnect: { min: retry, max: retry, attempts: retry > 1000 ? Infinity : 20 },
      queue: { calls },
    });
    const unmatched = [];
    const delays = [];
    api.addEventListener("unmatched", (event) => unmatched.push(event.detail));
    api.addEventListener("statechange", ({ detail }) => detail.state === "waiting" && delays.push(detail.delay));
    return {
      patience: 20_000,
      send: (data, callback, options) => api.send(data, callback, options),
      opened: () => T.state(api, "open"),
      held: () => api.stats().slots,
      queued: () => api.stats().queued,
      garbage: () => api.stats().garbage,
      push: (server, message) => server.push(protocol === "plain" ? message : [message]),
      unmatched,
      delays,
    };
  };

  const seedClient = (server, { retry = 50, ping = 45_000, proxied, idle } = {}) => {
    host = proxied ? server.proxied : server.ws;
    heartCheckTime = ping;
    reconnectDelay = retry;
    const delays = [];
    const { setTimeout } = globalThis;
    globalThis.reconnect = ((original) => () => {
      globalThis.setTimeout = (act, ms) => (delays.push(ms), setTimeout(act, ms));
      original();
      globalThis.setTimeout = setTimeout;
    })(globalThis.reconnect);
    if (!idle) wsConnect();
    return {
      patience: 600, // "never" has to end
      send: seed.send,
      opened: () => T.until(() => socketOpen),
      held: () => Object.keys(callbackArr).length,
      queued: () => msgArr.length,
      garbage: () => 0,
      push: (server, message) => server.push(message),
      unmatched: [],
      delays,
    };
  };

  return { sockjax: ours("sockjax.1"), plain: ours("plain"), seed: seedClient, mended: seedClient };
})();
