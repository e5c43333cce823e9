// Shows the connection's state in icon, words and colour, with its controls
// and its history.
import { byId, make, setIcon, setText } from "/demo/dom.js";
import { formatMs, formatUptime, plural } from "/demo/format.js";

const historyLength = 12;
/** What to make of a client that is closed, by the cause. */
const closedBy = {
  close: "Until you connect",
  refused: "The server does not want this page",
  "gave-up": "No attempt is left",
  "failed-to-load": "The client could not be loaded",
};
const titles = { connecting: "Connecting…", open: "Open", waiting: "Waiting", closed: "Closed" };

export class ConnectionPanel {
  #connection;
  #announce;
  #buttons = { reconnect: byId("reconnect"), close: byId("close"), connect: byId("connect") };
  #waitBar = byId("wire-wait");

  /** @param announce tells a screen reader one sentence */
  constructor(connection, announce) {
    this.#connection = connection;
    this.#announce = announce;
    this.#buttons.reconnect.addEventListener("click", () => connection.reconnect());
    this.#buttons.close.addEventListener("click", () => connection.close());
    this.#buttons.connect.addEventListener("click", () => connection.open());
    connection.addEventListener("change", (event) => this.#changed(event.detail));
    // Up-time and countdown; a hidden page has nobody to show them to.
    setInterval(() => document.hidden || this.#tick(), 100);
    this.#changed(null);
  }

  #changed(change) {
    const state = this.#connection.state;
    document.documentElement.dataset.state = state;
    setIcon(byId("state-icon"), state);
    setText(byId("state-text"), titles[state]);
    const reason = change?.cause ? because(change) : "";
    setText(byId("state-reason"), reason);
    byId("state-reason").title = reason;
    this.#showControls(state);
    this.#tick();
    if (!change) return;
    this.#record(change);
    this.#announce(`Connection ${state}${change.cause ? `: ${change.reason}` : ""}.`);
  }

  #showControls(state) {
    const { reconnect, close, connect } = this.#buttons;
    const had = document.activeElement;
    const closed = state === "closed";
    reconnect.hidden = close.hidden = closed;
    connect.hidden = !closed;
    // The button that was pressed may just have gone: the focus goes to its successor, not to the top of the page.
    if (had?.hidden && Object.values(this.#buttons).includes(had)) (closed ? connect : reconnect).focus();
  }

  #tick() {
    const { state, change, age } = this.#connection;
    setText(byId("state-detail"), this.#detail(state, change, age));
    if (state !== "waiting" || !change) return;
    const left = Math.max(0, 1 - age / Math.max(1, change.delay));
    this.#waitBar.style.transform = `scaleX(${left})`;
  }

  #detail(state, change, age) {
    const failures = change?.attempt ?? 0;
    switch (state) {
      case "open":
        return `Up for ${formatUptime(age)}`;
      case "waiting": {
        const left = Math.max(0, (change?.delay ?? 0) - age);
        return `Attempt ${failures + 1} in ${(left / 1000).toFixed(1)} s`;
      }
      case "closed":
        return closedBy[change?.cause] ?? closedBy.close;
      default:
        return failures > 0 ? `Attempt ${failures + 1}, after ${plural(failures, "failure")}` : `To ${location.host}/ws`;
    }
  }

  #record(change) {
    const time = new Date().toLocaleTimeString("en-GB");
    const delay = change.state === "waiting" ? `, next attempt in ${formatMs(change.delay)}` : "";
    byId("history").prepend(
      make("li", { "data-cause": change.cause },
        make("time", {}, time),
        make("b", { className: "dot", "data-state": change.state }, change.state),
        make("span", {}, `${change.cause ? because(change) : `after ${change.previous}`}${delay}`),
      ),
    );
    while (byId("history").childElementCount > historyLength) byId("history").lastElementChild.remove();
  }
}

/** "1012 the server restarts", or as much of that as is known. */
function because({ closeCode, reason }) {
  return [closeCode || "", reason].filter(Boolean).join(" ");
}
