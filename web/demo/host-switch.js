// The switch between the hosts of a client, and what it does to tabs and
// sockets. The choice is in the page's address, so that another tab can be
// opened with the same one, and a link can lead to it.
import { byId, make, setIcon, setText } from "/demo/dom.js";
import { plural } from "/demo/format.js";

const keys = "The keys below are the page’s own.";
const hosts = {
  page: "Socket and wasm are in this page. Nothing is faster.",
  worker: `Socket and wasm are in a worker of this tab, which goes on in time where the page is busy or hidden. ${keys}`,
  shared: `One socket and one session for all tabs that choose Shared. Each gets the replies to its own calls, and what breaks the socket breaks it for all of them. ${keys}`,
};
const parameter = "host";

/** The host that the page's address asks for. */
export function hostOfAddress() {
  const host = new URLSearchParams(location.search).get(parameter);
  return Object.hasOwn(hosts, host) ? host : "page";
}

export class HostSwitch {
  #connection;
  #tabs;

  constructor(connection, tabs) {
    this.#connection = connection;
    this.#tabs = tabs;
    for (const host of Object.keys(hosts)) {
      const radio = byId(`host-${host}`);
      radio.checked = host === connection.host; // a reloaded page may find another one as it was left
      radio.addEventListener("change", () => this.#choose(host));
    }
    tabs.addEventListener("change", () => this.#showTabs());
    this.#showHost();
    this.#showTabs();
  }

  #choose(host) {
    const address = new URL(location);
    if (host === "page") address.searchParams.delete(parameter);
    else address.searchParams.set(parameter, host);
    history.replaceState(history.state, "", address);
    this.#connection.use(host);
    this.#showHost();
  }

  #showHost() {
    const asked = this.#connection.host;
    const used = this.#connection.client.stats().host;
    const fallback = asked !== used;
    setText(byId("host-used"), `stats().host is "${used}"`);
    setText(byId("host-text"), fallback ? whyNotShared() : hosts[asked]);
    byId("host-text").classList.toggle("fallback", fallback);
    byId("another-tab").href = location.href;

    byId("wire-worker").hidden = used === "page";
    byId("wire-shared").hidden = used !== "shared";
    byId("code-options").replaceChildren(...(asked === "page" ? [] : [", { host: ", make("span", { className: "s" }, `"${asked}"`), " }"]));
  }

  #showTabs() {
    const { socket, sockets, sharing } = this.#tabs;
    const open = new Set(sockets.filter((number) => number !== null));
    setText(byId("tabs"), `${plural(sockets.length, "tab")} · ${plural(open.size, "socket")}`);
    setText(byId("tabs-detail"), [whoHas(socket, sharing), whatOthersHave(open, socket)].filter(Boolean).join(" "));
    setText(byId("wire-tabs"), sharing ? plural(sharing + 1, "tab") : "page");
    setIcon(byId("wire-tabs-icon"), sharing ? "pages" : "page");
  }
}

function whyNotShared() {
  const missing = globalThis.SharedWorker ? "no Web Locks, which browsers give to https pages and localhost only" : "no SharedWorker";
  return `Shared is not possible here: there is ${missing}. So this tab has a worker of its own, with a socket of its own.`;
}

function whoHas(socket, sharing) {
  if (socket === null) return "This tab is not connected.";
  if (sharing === 0) return `This tab has socket ${socket} to itself.`;
  return `This tab and ${sharing === 1 ? "another" : `${sharing} others`} share socket ${socket}.`;
}

function whatOthersHave(open, socket) {
  const others = [...open].filter((number) => number !== socket).sort((a, b) => a - b);
  if (others.length === 0) return "";
  return `Elsewhere: socket${others.length === 1 ? "" : "s"} ${others.join(", ")}.`;
}
