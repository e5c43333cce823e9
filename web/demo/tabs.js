// The tabs in which this browser has the demo, and the socket that each one's
// calls go over. The sockets' numbers are the server's, by {"api":"socket"} in
// cmd/devserver/ws.go: tabs with the same number share that socket.
//
// Tabs find each other by a BroadcastChannel. Web Locks could tell who lives,
// too, but plain http has none, where tabs have a socket each.

const askEvery = 1_000; // milliseconds
const missedAtMost = 3; // roll calls: a tab that crashes takes no leave

export class Tabs extends EventTarget {
  #connection;
  #channel = new BroadcastChannel("sockjax-demo");
  #id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #socket = null; // number; null without a connection
  #asked = 0;
  #others = new Map(); // id → { socket, missed }

  constructor(connection) {
    super();
    this.#connection = connection;
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    connection.addEventListener("change", () => this.#askServer());
    // A hidden tab's timers are slow, but it answers at once; and nobody looks at it.
    setInterval(() => document.hidden || this.#callRoll(), askEvery);
    document.addEventListener("visibilitychange", () => document.hidden || this.#callRoll());
    addEventListener("pagehide", () => this.#say({ leaves: true }));
    addEventListener("pageshow", () => this.#callRoll()); // it may have been in the back/forward cache
    this.#askServer();
    this.#callRoll();
  }

  /** This tab's socket, or null. */
  get socket() {
    return this.#socket;
  }

  /** The socket of each tab, this one's first; null where one is not connected. */
  get sockets() {
    return [this.#socket, ...[...this.#others.values()].map(({ socket }) => socket)];
  }

  /** How many other tabs have this one's socket. */
  get sharing() {
    return this.#socket === null ? 0 : this.sockets.filter((socket) => socket === this.#socket).length - 1;
  }

  /** Each connection has its number. */
  #askServer() {
    const asked = ++this.#asked;
    this.#became(null);
    if (this.#connection.state !== "open") return;
    this.#connection.client.send({ api: "socket" }, (reply) => {
      if (reply && asked === this.#asked) this.#became(reply.number);
    }, { idempotent: true });
  }

  #became(socket) {
    if (socket === this.#socket) return;
    this.#socket = socket;
    this.#say({});
    this.#changed();
  }

  #callRoll() {
    for (const [id, tab] of this.#others) {
      if (++tab.missed > missedAtMost) this.#forget(id);
    }
    this.#say({ asks: true });
  }

  #hear({ id, socket, asks, leaves }) {
    if (leaves) return this.#forget(id);
    const before = this.#others.get(id);
    this.#others.set(id, { socket, missed: 0 });
    if (before?.socket !== socket) this.#changed();
    if (asks) this.#say({});
  }

  #forget(id) {
    if (this.#others.delete(id)) this.#changed();
  }

  #say(what) {
    this.#channel.postMessage({ id: this.#id, socket: this.#socket, ...what });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
