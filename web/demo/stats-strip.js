// The strip of counters, from the client's stats(). Of a shared worker, those
// from "Queued" on are of all tabs.
import { byId, make, setText } from "/demo/dom.js";
import { formatCount, formatUnits } from "/demo/format.js";

const counters = [
  { id: "calls", name: "Calls", value: (s) => formatCount(s.calls) },
  { id: "replies", name: "Replies", value: (s) => formatCount(s.replies) },
  { id: "failures", name: "Failures", value: (s) => formatCount(s.failures) },
  { id: "pending", name: "Pending", value: (s) => formatCount(s.pending), lit: (s) => s.pending > 0 },
  { id: "queued", name: "Queued", value: (s) => formatCount(s.queued), lit: (s) => s.queued > 0 },
  { id: "frames-out", name: "Frames out", value: (s) => formatCount(s.framesOut) },
  { id: "frames-in", name: "Frames in", value: (s) => formatCount(s.framesIn) },
  { id: "calls-per-frame", name: "Calls / frame", value: (s) => (s.framesOut && s.host !== "shared" ? ((s.calls - s.queued) / s.framesOut).toFixed(1) : "–") },
  { id: "sent", name: "Text out", value: (s) => formatUnits(s.unitsOut) },
  { id: "received", name: "Text in", value: (s) => formatUnits(s.unitsIn) },
  { id: "opened", name: "Opened", value: (s) => formatCount(s.opened) },
  { id: "unmatched", name: "Unmatched", value: (s) => formatCount(s.unmatched), lit: (s) => s.unmatched > 0 },
];

export class StatsStrip {
  #cells = counters.map(({ id, name }) => {
    const dd = make("dd", { id: `stat-${id}` }, "0");
    const cell = make("div", {}, make("dt", {}, name), dd);
    byId("stats").append(cell);
    return { cell, dd };
  });

  update(stats) {
    byId("stats-note").hidden = stats.host !== "shared";
    counters.forEach(({ value, lit }, i) => {
      const { cell, dd } = this.#cells[i];
      setText(dd, value(stats));
      if (lit) cell.classList.toggle("lit", lit(stats));
    });
  }
}
