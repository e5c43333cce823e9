// The page's connection: one client at a time. A client that was closed stays
// closed, and one stays on its host, so "Connect" after "Close" and another
// host make a new one; the rest of the page holds on to this object and need
// not know.

// Quick enough to notice a stall of five seconds while one looks on. A page
// that has no stalls to show leaves this to the default.
export const heartbeat = { after: 3_000, timeout: 1_500 };

export class Connection extends EventTarget {
  #connect;
  #client;
  #since = performance.now();
  /** Detail of the newest statechange, or null before the first. */
  change = null;
  /** The host that is asked for; `stats().host` says which one it has become. */
  host;

  /** @param connect the library's `connect` */
  constructor(connect, host) {
    super();
    this.#connect = connect;
    this.host = host;
    this.open();
  }

  get client() {
    return this.#client;
  }

  get state() {
    return this.#client.state;
  }

  /** Milliseconds since the newest statechange. */
  get age() {
    return performance.now() - this.#since;
  }

  /** Makes a client, and forwards what it tells. */
  open() {
    const client = this.#connect("/ws", { heartbeat, host: this.host });
    this.#client = client;
    this.change = null;
    this.#since = performance.now();
    client.addEventListener("statechange", (event) => {
      if (client !== this.#client) return;
      this.change = event.detail;
      this.#since = performance.now();
      this.#tell("change", event.detail);
    });
    client.addEventListener("error", (event) => this.#tell("problem", event.detail));
    client.addEventListener("outbox", (event) => this.#tell("outbox", event.detail));
    client.addEventListener("unmatched", (event) => this.#tell("unmatched", event.detail));
    this.#tell("change", null);
  }

  /** Closes the client, and makes one whose socket is on this host. */
  use(host) {
    const old = this.#client;
    this.host = host;
    this.open();
    old.close(); // now that its end is not the page's
  }

  reconnect() {
    this.#client.reconnect();
  }

  close() {
    return this.#client.close();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
