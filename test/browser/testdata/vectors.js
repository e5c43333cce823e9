// A client that plays a script of test/vectors: see vectors_test.go.

/** JSON.stringify, also of arrays within arrays that are too deep for that: Firefox's ends at less than 5,000. */
const json = (value) => {
  let depth = 0;
  for (; Array.isArray(value) && value.length === 1; depth++) [value] = value;
  return value === undefined ? undefined : "[".repeat(depth) + JSON.stringify(value) + "]".repeat(depth);
};

globalThis.V = {
  open(url, plain, wasmURL) {
    const calls = new Map();
    const options = { timeout: 0, reconnect: { min: 5, max: 5 }, protocol: plain ? "plain" : "sockjax.1" };
    if (wasmURL) options.wasmURL = wasmURL;
    const api = sockjax.connect(url, options);
    V.client = {
      call(name, data, options) {
        const call = { abort: new AbortController(), outcome: null };
        calls.set(name, call);
        const done = (reply, error) => {
          call.outcome = error
            ? { code: error.code, fate: error.fate, reason: error.reason, message: error.message, data: json(error.data) }
            : { reply: json(reply) };
        };
        api.send(data, done, { ...options, signal: call.abort.signal });
      },
      abort: (name) => calls.get(name).abort.abort(),
      pending: (name) => calls.get(name).outcome === null,
      outcome: (name) => T.until(() => calls.get(name).outcome, `the outcome of ${name}`),
      state: () => api.state,
      counts: () => [api.stats().garbage, api.stats().unmatched],
      engine: () => T.until(() => api.stats().funcs > 0, "an engine"),
      close: () => api.close(),
    };
  },
};
