// The live table of calls, newest first. Records are drawn at most once per
// animation frame, and only the newest are kept: however many calls the page
// makes, the table costs the same.
import { byId, icon, make, perFrame, setText } from "/demo/dom.js";
import { clip, formatCount, formatMs, plural, toText } from "/demo/format.js";
import { burstSummary } from "/demo/burst.js";

const rowsKept = 200;
const shortLength = 42; // about what a column holds on one line
const summaryLength = 160; // CSS cuts it where the line ends
const longLength = 20_000;

const outcomeIcons = { pending: "connecting", ok: "open", timeout: "waiting" };

export class CallsTable {
  #body = byId("calls");
  #table = byId("calls-table");
  #records = []; // newest first
  #rows = new Map(); // record → its row's parts
  #dirty = new Set();
  #gone = [];
  #total = 0;
  #render = perFrame(() => this.#draw());

  constructor() {
    for (const radio of document.getElementsByName("filter")) {
      radio.addEventListener("change", () => {
        this.#table.dataset.filter = radio.value;
        this.#note();
      });
    }
    byId("clear-calls").addEventListener("click", () => this.#clear());
    byId("calls-more").addEventListener("click", () => {
      this.#table.classList.add("whole");
      this.#note();
      byId("calls-scroll").focus();
    });
  }

  /** Shows a record, or what has changed in it. */
  update(record) {
    if (!record.listed) {
      record.listed = true;
      this.#total++;
      this.#records.unshift(record);
      if (this.#records.length > rowsKept) this.#forget(this.#records.pop());
    }
    if (record.forgotten) return;
    this.#dirty.add(record);
    this.#render();
  }

  #forget(record) {
    record.forgotten = true;
    this.#dirty.delete(record);
    const row = this.#rows.get(record);
    if (row) this.#gone.push(row.tr);
    this.#rows.delete(record);
  }

  /** Running calls stay: what can still be aborted must be in reach. */
  #clear() {
    const settled = this.#records.filter((record) => record.outcome !== "pending");
    this.#records = this.#records.filter((record) => record.outcome === "pending");
    this.#total = this.#records.length;
    settled.forEach((record) => this.#forget(record));
    this.#render();
  }

  #draw() {
    this.#gone.forEach((tr) => tr.remove());
    this.#gone = [];
    const fresh = document.createDocumentFragment();
    for (const record of this.#dirty) {
      let row = this.#rows.get(record);
      if (!row) {
        row = makeRow(record);
        this.#rows.set(record, row);
        fresh.prepend(row.tr); // the set is in order of calling
      }
      fillRow(row, record);
    }
    this.#dirty.clear();
    this.#body.prepend(fresh);
    this.#note();
  }

  #note() {
    const { filter } = this.#table.dataset;
    const count = (test) => this.#records.reduce((n, record) => n + (test(record) ? 1 : 0), 0);
    const shown = filter === "running" ? count((r) => r.outcome === "pending")
      : filter === "failed" ? count((r) => r.outcome !== "pending" && r.outcome !== "ok")
      : this.#records.length;
    byId("calls-empty").hidden = shown > 0;
    setText(byId("calls-empty"), filter === "all" ? "No calls yet. Send one." : filter === "running" ? "Nothing is running." : "Nothing has failed.");
    setText(byId("calls-note"), this.#total > rowsKept
      ? `Newest first: the last ${rowsKept} of ${formatCount(this.#total)}.`
      : `Newest first, ${plural(this.#total, "call")}.`);
    // Only phones cut the list short; demo.css hides the button elsewhere.
    const more = byId("calls-more");
    more.hidden = this.#table.classList.contains("whole") || filter !== "all" || shown <= 10;
    setText(more, `Show all ${formatCount(shown)}`);
  }
}

function makeRow(record) {
  const cell = (name, label) => make("td", { role: "cell", className: `c-${name}`, "data-label": label });
  const key = cell("key", "Key");
  const data = cell("data", "Data");
  const reply = cell("reply", "Reply");
  const ms = cell("ms", "Time");
  const outcome = cell("outcome", "Outcome");
  const tr = make("tr", { role: "row", tabIndex: -1, "data-kind": record.kind }, key, data, reply, ms, outcome);
  data.append(record.burst ? make("code", { className: "json" }, `${formatCount(record.burst.count)} × {"api":"echo","n":…}`) : json(record.data));
  const abort = make("button", { type: "button", className: "small abort", "aria-label": `Abort call ${record.key}` }, "Abort");
  abort.addEventListener("click", () => record.controller.abort());
  const progress = make("span", { className: "progress" });
  reply.append(progress, abort);
  return { tr, key, reply, progress, ms, outcome, abort, shown: null };
}

function fillRow(row, record) {
  setText(row.key, String(record.key));
  if (record.burst) setText(row.progress, burstSummary(record.burst, record.ms));
  if (row.shown === record.outcome) return;
  row.shown = record.outcome;
  row.tr.dataset.key = record.key;
  row.tr.dataset.outcome = record.outcome;
  const badge = make("span", { className: "badge" }, icon(outcomeIcons[record.outcome] ?? "closed"), record.outcome === "pending" ? "running" : record.outcome);
  row.outcome.replaceChildren(badge);
  if (record.outcome === "pending") return;
  setText(row.ms, record.recovered ? "earlier" : formatMs(record.ms));
  // A focus that vanishes with the button would start over at the top of the page.
  if (document.activeElement === row.abort) row.tr.focus({ preventScroll: true });
  row.abort.remove();
  if (record.burst) return;
  row.reply.replaceChildren(record.error ? describeError(record.error) : json(record.reply));
}

const fates = {
  unsent: "It certainly did not run.",
  executed: "It certainly ran.",
  unknown: "It may have run.",
};

function describeError(error) {
  const box = make("div", { className: "error" },
    make("span", { className: "fate", title: fates[error.fate] ?? "" }, error.fate),
    make("span", {}, error.reason ? make("code", {}, error.reason) : "", error.reason ? " " : "", error.message),
  );
  if (error.data !== undefined) box.append(json(error.data));
  return box;
}

/** JSON on one line; where that is long, it unfolds. */
function json(value) {
  const text = toText(value);
  if (text.length <= shortLength) return make("code", { className: "json" }, text);
  const pre = make("pre", { tabIndex: 0 });
  const details = make("details", { className: "json" }, make("summary", {}, make("code", {}, clip(text, summaryLength))), pre);
  // Most are never unfolded.
  details.addEventListener("toggle", () => {
    if (details.open && !pre.textContent) pre.textContent = clip(toText(value, 2), longLength);
  });
  return details;
}
