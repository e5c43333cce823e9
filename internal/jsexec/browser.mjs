import { ITEM_CANCEL, ITEM_SLOT, ITEM_WORDS, OPTIONS, PART_COUNT, PART_FROM, PART_KIND, PART_SLOT, PART_WINDOW, PART_WORDS, SCRATCH, STATS, WELCOME } from "../../web/shared/abi.js";

/**
 * As much of a browser, and of the host in ../../web/host/host.js, as the program
 * in ../../wasm needs. Nothing happens by itself: the test says what the
 * network and the page do, and reads in `log` what the program did.
 */
export class FakeBrowser {
  /** What the program did, in order. A host with a name puts it in front. */
  log = [];
  /** Every WebSocket made, also those that are closed. */
  sockets = [];
  /** The URL that the next constructors refuse, as a browser does one that it can't use. */
  refused = null;
  /** Of the test binary; set by jsexec.mjs. */
  exports = null;
  /** Milliseconds by which the program's clock is ahead: adding some makes what is due then happen at once. */
  ahead = 0;

  #clients = new Map(); // by number
  #decoder = new TextDecoder();

  constructor() {
    const browser = this;
    this.WebSocket = class extends FakeWebSocket {
      constructor(url, ...protocols) {
        super(browser, url, protocols);
      }
    };
  }

  makeHost(name) {
    return new FakeBridge(name, this.log);
  }

  /** Ties the number that the program gave out to its host. */
  register(id, host) {
    host.id = id;
    this.#clients.set(id, host);
  }

  /** Makes a client with options, 0 for each that is missing, and returns its number. */
  connect(connect, host, session, socket, cause, reason, options) {
    this.#writeNumbers(OPTIONS, options);
    return connect(host, session, socket, cause, reason);
  }

  /** Calls the export welcome, with 0 for each number that is missing. */
  welcome(id, welcome) {
    this.#writeNumbers(WELCOME, welcome);
    this.exports.welcome(id);
  }

  #writeNumbers(names, values) {
    names.forEach((name, i) => (this.#numbers[i] = values[name] ?? 0));
  }

  get #numbers() {
    return new Float64Array(this.exports.mem.buffer, this.exports.scratchPointer(), SCRATCH / 8);
  }

  /** What a page's host does in a microtask, and after each frame: nothing runs that flush does not tell of. */
  turn(id) {
    if (this.exports.flush(id, this.#clients.get(id).full) !== 0) this.resume();
  }

  /** Lets goroutines run; set by jsexec.mjs. */
  resume = null;

  /** In one turn of the event loop: does something first, and then makes so many calls. */
  many(id, count, first) {
    setTimeout(() => {
      first();
      const collections = this.exports.collections();
      for (let n = 1; n <= count; n++) {
        this.exports.submit(id, n, n, 10, 1000, 0);
        if (this.depth() !== 0) return this.#clients.get(id).note(`call ${n} did not return`);
      }
      const meanwhile = this.exports.collections() - collections;
      this.exports.flush(id, 1);
      this.resume();
      const then = this.exports.collections() - collections > meanwhile;
      this.#clients.get(id).note(`${meanwhile} collections, then some: ${then}`);
    });
  }

  #text(at, length) {
    return this.#decoder.decode(new Uint8Array(this.exports.mem.buffer, at, length));
  }

  /** Puts a name where the program reads it, and returns its length in bytes. */
  write(name) {
    const scratch = new Uint8Array(this.exports.mem.buffer, this.exports.scratchPointer(), SCRATCH);
    return new TextEncoder().encodeInto(name, scratch).written;
  }

  /** The word that is 0 unless an export panicked or blocked. */
  depth() {
    return new DataView(this.exports.mem.buffer).getUint32(this.exports.depthPointer(), true);
  }

  /** Calls the export stats. */
  stats(id) {
    this.exports.stats(id);
    return Object.fromEntries(STATS.map((name, i) => [name, this.#numbers[i]]));
  }

  /** What ../../wasm/imports.go declares. */
  imports = {
    wake: (id) => {
      const host = this.#clients.get(id);
      if (host === undefined || host.turning) return; // it has no number yet, as in a page
      host.turning = true;
      queueMicrotask(() => {
        host.turning = false;
        this.turn(id);
      });
    },
    hello: (id, at, length, resume, ack, tokenAt, tokenLength) => {
      const session = this.#text(at, length);
      const token = this.#text(tokenAt, tokenLength);
      const host = this.#clients.get(id);
      host.sessions.push(session);
      host.note(`hello resume=${resume}${ack ? ` ack=${ack}` : ""}${token && ` token=${token}`}`);
    },
    token: (id, at, length) => {
      this.#clients.get(id).note(`token ${this.#text(at, length)}`);
    },
    ack: (id, outcomes) => {
      this.#clients.get(id).note(`ack ${outcomes}`);
    },
    parts: (id, at, count) => {
      const parts = [];
      const words = new Uint32Array(this.exports.mem.buffer, at, count * PART_WORDS);
      for (let part = 0; part < words.length; part += PART_WORDS) {
        const [key, from] = [0, PART_FROM].map((word) => words[part + word] + words[part + word + 1] * 2 ** 32);
        const kind = ["data", "end", "taken", "piece"][words[part + PART_KIND] & 255];
        parts.push(`${kind} ${key}/${words[part + PART_SLOT]} ${from}+${words[part + PART_COUNT]},${words[part + PART_WINDOW]}`);
      }
      this.#clients.get(id).note(`parts [${parts.join(", ")}]`);
    },
    frame: (id, at, count) => {
      const items = [];
      const words = new Uint32Array(this.exports.mem.buffer, at, count * ITEM_WORDS);
      for (let item = 0; item < words.length; item += ITEM_WORDS) {
        const key = words[item] + words[item + 1] * 2 ** 32;
        const kind = words[item + ITEM_CANCEL] & 0x101;
        items.push(`${kind === 0x100 ? "large" : ["request", "cancel"][kind]} ${key}/${words[item + ITEM_SLOT]}`);
      }
      const host = this.#clients.get(id);
      host.note(`frame [${items.join(", ")}]`);
      return host.full;
    },
    word: (id, at, length) => {
      this.#clients.get(id).note(this.#text(at, length));
    },
  };
}

/** Its methods, but note, are those of Bridge in ../../web/host/bridge.js; a test compares the two. */
export class FakeBridge {
  id = -1;
  turning = false;
  sessions = []; // of each hello
  answer = null; // takes the URL, as long as that is asked for
  answerToken = null; // takes the token in the same way
  full = 0; // SEND_NOTHING: the socket has more to send than it should; SEND_NO_PARTS: enough
  attached = null;
  releases = 0;
  #name;
  #log;

  constructor(name, log) {
    this.#name = name;
    this.#log = log;
  }

  note(text) {
    this.#log.push(this.#name ? `${this.#name} ${text}` : text);
  }

  failed(slot, code, fate, message) {
    this.note(`failed ${slot} ${code} ${fate}: ${message}`);
  }

  changed(state, cause, reason, attempt, delay, closeCode) {
    this.note(`${state}${cause && ` ${cause}`}${closeCode ? ` ${closeCode}` : ""}${reason && `: ${reason}`}`);
    this.change = { state, attempt, delay };
  }

  ask(answer) {
    this.answer = answer;
  }

  askToken(answer) {
    this.answerToken = answer;
  }

  attach(socket) {
    this.attached = socket;
  }

  detach(socket) {
    if (this.attached === socket) this.attached = null;
  }

  ended({ code, reason }) {
    return { code, reason: reason || "the connection ended without a reason" };
  }

  released() {
    this.releases++;
    this.note("released");
  }
}

/** A WebSocket whose peer is the test. Handlers run as tasks, as they do in a browser. */
class FakeWebSocket {
  readyState = 0;
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  #browser;

  constructor(browser, url, protocols) {
    if (url === browser.refused) throw new SyntaxError(`The URL '${url}' is invalid.`);
    this.#browser = browser;
    this.url = url;
    this.protocol = protocols.join();
    browser.sockets.push(this);
    browser.log.push(`dial ${url}${protocols.length ? ` as ${protocols}` : ""}`);
  }

  /** From the program: the checks are a browser's. */
  close(code, reason = "") {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(`The close code ${code} may not be used.`, "InvalidAccessError");
    }
    if (new TextEncoder().encode(reason).length > 123) {
      throw new DOMException("The close reason is too long.", "SyntaxError");
    }
    this.readyState = 2;
    this.#browser.log.push(`hang up ${code ?? "without a code"}${reason && `: ${reason}`}`);
  }

  /** From the peer. */
  accept() {
    this.#happen(1, "open");
  }

  end(code, reason = "") {
    this.#happen(3, "close", { code, reason });
  }

  fail() {
    this.#happen(3, "error");
  }

  #happen(readyState, type, properties = {}) {
    setTimeout(() => {
      this.readyState = readyState;
      this[`on${type}`]?.(Object.assign(new Event(type), properties));
    });
  }
}
