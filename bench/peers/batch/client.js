// The practical limit: sockjax.1 by hand, a microtask's requests in a frame,
// and nothing else: no deadlines, no limits, no reconnecting. Our server.
import { open } from "../socket.js";

/** Characters after which a frame is full: the server has a limit. */
const FULL = 2 << 20;
/** Outcomes after which the server is told that it may forget them. */
const ACK = 256;

export async function connect(url) {
  const socket = await open(new WebSocket(url, "sockjax.1"));
  const callbacks = new Map();
  let key = 0;
  let outcomes = 0;
  let acked = 0;
  let waiting = [];
  let units = 0;
  let queued = false;
  const flush = () => {
    queued = false;
    if (waiting.length === 0) return;
    if (outcomes - acked >= ACK) {
      acked = outcomes;
      waiting.push({ ack: acked });
    }
    socket.send(JSON.stringify(waiting));
    waiting = [];
    units = 0;
  };
  socket.send(JSON.stringify([{ hello: { session: crypto.randomUUID(), resume: false } }]));
  socket.onmessage = (event) => {
    for (const message of JSON.parse(event.data)) {
      if (message.key === undefined) continue;
      outcomes++;
      const callback = callbacks.get(message.key);
      callbacks.delete(message.key);
      callback(message.data, null);
    }
  };
  return (data, callback) => {
    callbacks.set(++key, callback);
    if (!queued) {
      queued = true;
      queueMicrotask(flush);
    }
    waiting.push({ key, data });
    units += data.pad.length;
    if (units > FULL) flush();
  };
}
