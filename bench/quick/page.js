// The page of the quick benchmark: three clients, the same load.
//
// Each maker returns send(data, callback). The server echoes, so that each
// reply can be checked.

const wsURL = `ws://${location.host}/ws`;

/** sockjax as a user has it: the built package, its public API. */
async function sockjaxClient() {
  const { connect } = await import("/sockjax.js");
  const api = connect("/ws");
  await api.ready;
  return (data, callback) => api.send(data, callback);
}

/** A frame for each request, as hand-written clients do it (and the seed). */
async function frameClient() {
  const socket = await open(new WebSocket(wsURL));
  const callbacks = new Map();
  let key = 0;
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    const callback = callbacks.get(message.key);
    callbacks.delete(message.key);
    callback(message.data, null);
  };
  return (data, callback) => {
    callbacks.set(++key, callback);
    socket.send(JSON.stringify({ key, data }));
  };
}

/** The practical limit: sockjax.1 by hand, a microtask's requests in a frame. */
async function batchClient() {
  const socket = await open(new WebSocket(wsURL, "sockjax.1"));
  const callbacks = new Map();
  let key = 0;
  let waiting = [{ hello: { session: "6f1d0f0e-8a49-4c0e-9d53-2f2c9d6d3c11", resume: false } }];
  const flush = () => {
    socket.send(JSON.stringify(waiting));
    waiting = [];
  };
  flush();
  socket.onmessage = (event) => {
    for (const message of JSON.parse(event.data)) {
      if (message.key === undefined) continue;
      const callback = callbacks.get(message.key);
      callbacks.delete(message.key);
      callback(message.data, null);
    }
  };
  return (data, callback) => {
    callbacks.set(++key, callback);
    if (waiting.length === 0) queueMicrotask(flush);
    waiting.push({ key, data });
  };
}

function open(socket) {
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error("the socket did not open"));
  });
}

const makers = { sockjax: sockjaxClient, frames: frameClient, batch: batchClient };
const clients = {};

/** Milliseconds from asking for the script to the first reply, in a page that has cached nothing. */
export async function firstReply() {
  const start = performance.now();
  const { connect } = await import("/sockjax.js");
  const api = connect("/ws");
  await api.request({});
  return performance.now() - start;
}

/** Opens all clients before any is measured. */
export async function prepare() {
  for (const [name, make] of Object.entries(makers)) clients[name] = await make();
}

/**
 * Keeps `window` calls in flight for `ms` milliseconds and returns replies per
 * second. A wrong reply fails the run.
 */
export function run(name, window, ms, size) {
  const send = clients[name];
  const pad = "x".repeat(size - JSON.stringify({ n: 100000, pad: "" }).length);
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let sent = 0;
    let done = 0;
    let stopping = false;
    const next = () => {
      const n = 100000 + (sent++ % 900000);
      send({ n, pad }, (reply, error) => {
        if (error || reply.n !== n) return reject(new Error(`${name}: wrong reply to ${n}: ${error ?? JSON.stringify(reply)}`));
        done++;
        if (done % 16 === 0 && performance.now() - start >= ms) stopping = true;
        if (!stopping) next();
        else if (done === sent) resolve((done / (performance.now() - start)) * 1000);
      });
    };
    for (let i = 0; i < window; i++) next();
  });
}
