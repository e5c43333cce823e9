// What runs in the page of each peer, and puts it under load.
//
// A peer's client.js gives send(data, callback). All servers echo, and each
// reply is checked.

let send;

/** Loads a peer's client and connects it. One request makes sure that it works. */
async function open(module, url) {
  const { connect } = await import(module);
  send = bench.client = await connect(url);
  await run({ window: 1, ms: 0, size: 100 });
  return true;
}

/** Requests of `size` bytes of JSON: {n, pad}. Each n is used once in 900,000 calls. */
function requests(size) {
  const pad = "x".repeat(size - JSON.stringify({ n: 100000, pad: "" }).length);
  let sent = 0;
  return () => ({ n: 100000 + (sent++ % 900000), pad });
}

/** Sends one request, and calls back when the right reply has come. */
function call(request, done, fail) {
  const { n, pad } = request;
  send(request, (reply, error) => {
    if (error) fail(error instanceof Error ? error : new Error(JSON.stringify(error)));
    else if (reply.n !== n || reply.pad !== pad) fail(new Error(`wrong reply to ${n}: ${JSON.stringify(reply).slice(0, 200)}`));
    else done();
  });
}

/** Keeps `window` calls in flight until `more()` is false. Resolves to their number when all are answered. */
function flow(window, size, more) {
  const next = requests(size);
  return new Promise((resolve, reject) => {
    let sent = 0;
    let done = 0;
    const one = () => {
      sent++;
      call(next(), () => {
        done++;
        if (more(done)) one();
        else if (done === sent) resolve(done);
      }, reject);
    };
    for (let i = 0; i < window; i++) one();
  });
}

/** Looks at the clock at every 16th question only. */
function until(end) {
  let more = true;
  return (done) => (more &&= done % 16 !== 0 || performance.now() < end);
}

/** Load for `ms` milliseconds: how many replies in how many milliseconds. */
async function run({ window, ms, size }) {
  const start = performance.now();
  const replies = await flow(window, size, window < 16 ? () => performance.now() < start + ms : until(start + ms));
  return { replies, ms: performance.now() - start };
}

/** So many calls, `window` in flight, however long it takes. */
async function calls({ count, window, size }) {
  const start = performance.now();
  const replies = await flow(window, size, (done) => done <= count - window);
  return { replies, ms: performance.now() - start };
}

/** Latencies in milliseconds of one call at a time, while `others` calls are kept in flight. */
async function latency({ others, ms, size }) {
  const latencies = [];
  const next = requests(size);
  let running = true;
  const rest = others > 0 ? flow(others, size, () => running) : null;
  const end = performance.now() + ms;
  let now = performance.now();
  while (now < end) {
    const start = now;
    await new Promise((resolve, reject) => call(next(), resolve, reject));
    now = performance.now();
    latencies.push(now - start);
  }
  running = false;
  await rest;
  latencies.sort((a, b) => a - b);
  const quantile = (q) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))];
  return { p50: quantile(0.5), p99: quantile(0.99), count: latencies.length };
}

/** The bytes of all wasm memories of the page: memories.js has noted them. */
function wasmBytes() {
  return (globalThis.wasmMemories ?? []).reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
}

globalThis.bench = { open, run, calls, latency, wasmBytes };
