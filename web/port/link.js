import { watchPage } from "../shared/page-events.js";

const links = new Map(); // by name: those of this page
let watching;

/** Tells all hosts in workers what the browser says of the page. */
function watch() {
  const each = (act) => () => links.forEach((link) => link.hosts.forEach(act));
  watchPage({
    nudge: each((host) => host.nudge()),
    hide: each((host) => host.hide()),
    pause: each((host) => host.pause()),
  });
}

/** Where a browser has no SharedWorker, or a page no locks to tell who lives, there is a worker for the page alone. */
export function canShare() {
  return globalThis.SharedWorker !== undefined && globalThis.navigator?.locks !== undefined;
}

/** The page's link to a worker of that kind and script: the one that lives, or a new one. */
export function linkTo(kind, url, wasm) {
  const name = `sockjax ${kind} ${url} ${wasm}`;
  watching ??= (watch(), true);
  if (!links.has(name)) links.set(name, new Link(kind, url, `sockjax ${wasm}`, () => links.delete(name)));
  return links.get(name);
}

/** A worker, as far as this page is concerned, and the hosts that are in it. */
class Link {
  hosts = new Set();
  #worker;
  #target;
  #heard = false;
  #ended = false;
  #over;

  constructor(kind, url, name, over) {
    this.#over = over;
    this.#worker = kind === "shared" ? new SharedWorker(url, { name }) : dedicated(url, name);
    this.#target = this.#worker.port ?? this.#worker;
    this.#worker.onerror = (event) => {
      if (this.#heard) return; // an error of one of its events, which the browser reports
      event.preventDefault?.();
      this.#end(`failed to load the worker from ${url}${event.message ? `: ${event.message}` : ""}; it must be of this page's origin, and a Content-Security-Policy must allow it in worker-src; if the file is elsewhere, the option workerURL must say so`);
    };
  }

  /** Adds a host, which is told of the worker's end. */
  add(host) {
    this.hosts.add(host);
  }

  /** Gives the worker another client. Returns the page's end of its port. */
  open(config) {
    const { port1, port2 } = new MessageChannel();
    this.#target.postMessage(config, [port2]);
    return port1;
  }

  /** A worker of the page's own ends with its last host; a shared one when no page has it. */
  remove(host) {
    if (this.hosts.delete(host) && this.hosts.size === 0 && this.#worker.terminate) this.#end("");
  }

  /** It has answered. life is the name of a lock that it holds as long as it lives, "" if there are none. */
  heard(life) {
    if (this.#heard) return;
    this.#heard = true;
    if (life) navigator.locks?.request(life, () => this.#end("the worker has ended")).catch(() => {});
  }

  /** It has not answered in time. */
  giveUp(why) {
    if (!this.#heard) this.#end(why);
  }

  #end(why) {
    if (this.#ended) return;
    this.#ended = true;
    this.#over();
    this.#worker.terminate?.();
    for (const host of this.hosts) host.died(why);
  }
}

/** From another origin no browser takes a worker, but each takes one that imports it. */
function dedicated(url, name) {
  if (new URL(url).origin === globalThis.origin) return new Worker(url, { name });
  const bridge = URL.createObjectURL(new Blob([`importScripts(${JSON.stringify(url)})`], { type: "text/javascript" }));
  return new Worker(bridge, { name });
}
