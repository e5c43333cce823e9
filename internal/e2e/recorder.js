// Watches what clients do where they do it: page.js has it in pages, and site.go
// puts it in front of the script of workers. A page asks the recorder of its
// worker by T.there.
(() => {
  const now = performance.now.bind(performance);
  let skew = 0;

  const recorder = {
    /** The sockets that clients have opened. */
    sockets: [],
    /** The wasm instances that they have made. */
    instances: [],
    /** Whether sockets keep what they send, and count pongs. To be set before they are made. */
    record: false,
    /** Called between a socket's error and its close. The close waits for a Promise that it returns. */
    onSocketError: null,
    /** By the real clock. */
    now,
    /** Moves the clock, and with it Go's, without waiting. */
    advance: (ms) => {
      skew += ms;
      performance.now = () => now() + skew;
    },
    /** Forgets what earlier cases have done. */
    reset: () => {
      recorder.sockets.length = 0;
      recorder.instances.splice(0, recorder.instances.length - 1); // the one that runs
    },
    /** Runs the text of a function of a recorder: it sees the same in a page and in a worker. */
    run: (act, args) => (0, eval)(`(${act})`)(recorder, ...args),
  };
  globalThis.testRecorder = recorder;

  const RealWebSocket = WebSocket;
  globalThis.WebSocket = class WebSocket extends RealWebSocket {
    constructor(...args) {
      super(...args);
      this.args = args;
      this.pings = []; // when
      // If record was set before:
      this.texts = []; // what was sent
      this.pongs = 0; // that have come
      recorder.sockets.push(this);
      let held; // what the close waits for
      this.addEventListener("close", (event) => {
        if (!held || !event.isTrusted) return;
        event.stopImmediatePropagation();
        held.then(() => this.dispatchEvent(new CloseEvent("close", event)));
      });
      // Behind the listeners that the client adds at once.
      queueMicrotask(() => this.addEventListener("error", () => (held = recorder.onSocketError?.())));
      if (recorder.record) this.addEventListener("message", ({ data }) => (this.pongs += data === "pong"));
    }
    send(data) {
      if (data === "ping") this.pings.push(now());
      if (recorder.record) this.texts.push(data);
      super.send(data);
    }
  };

  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const instance = await instantiate(...args);
    instance.at = performance.now();
    recorder.instances.push(instance);
    return instance;
  };

  if (globalThis.document) return;

  // ---- in a worker: the other end of Watched in page.js

  const waiting = []; // closes that wait for the page
  let tellPage;
  recorder.set = ({ record, errors }) => {
    recorder.record = record;
    recorder.onSocketError = errors ? () => new Promise((resolve) => (waiting.push(resolve), tellPage())) : null;
  };
  recorder.goOn = () => waiting.splice(0).forEach((resolve) => resolve());

  // Before the client's script hears anything.
  const hear = (event) => {
    if (!event.data?.testRecorder) return;
    event.stopImmediatePropagation();
    const [port] = event.ports;
    tellPage = () => port.postMessage({ failed: true });
    recorder.set(event.data.testRecorder);
    port.onmessage = async ({ data: { id, act, args } }) => {
      try {
        port.postMessage({ id, result: await recorder.run(act, args) });
      } catch (error) {
        port.postMessage({ id, failure: String(error) });
      }
    };
  };
  addEventListener("message", hear); // a dedicated one
  addEventListener("connect", ({ ports: [port] }) => port.addEventListener("message", hear));
})();
