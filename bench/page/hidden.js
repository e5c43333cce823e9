// What runs in the pages of the hidden row, which are of sockjax alone: a
// client that calls, one that is silent, and a timer of the page's own.
import { connect } from "/sockjax.js";

const clients = [];
let timer;
let calls;
let failure = null;

/** Opens both clients. The silent one pings after `every` milliseconds of silence. */
async function open({ url, silentURL, host, every }) {
  const calling = connect(url, { host });
  const silent = connect(silentURL, { host, heartbeat: { after: every } });
  clients.push(calling, silent);
  await Promise.all([calling.request({ n: 0 }), silent.request({ n: 0 })]);
  setInterval(() => timer?.push(performance.now()), every);
  // No browser slows down the timers of a worker of a hidden page.
  const ticker = new Worker(URL.createObjectURL(new Blob([`setInterval(postMessage, ${every}, 0)`])));
  ticker.onmessage = () => {
    calling.send({ n: 1 }, (reply, error) => {
      failure ??= error;
      if (error === null) calls?.push(performance.now());
    });
  };
  return true;
}

/** From now on, what happens counts. */
function begin() {
  const now = performance.now();
  timer = [now];
  calls = [now];
  return document.visibilityState;
}

/** Moments in milliseconds, with when they began to count and the end. */
function result() {
  const now = performance.now();
  if (failure !== null) throw failure;
  return {
    state: document.visibilityState,
    timer: [...timer, now],
    calls: [...calls, now],
    opened: Math.max(...clients.map((client) => client.stats().opened)),
  };
}

globalThis.hidden = { open, begin, result };
