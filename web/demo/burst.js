// Words and figures for a burst of calls.
import { make } from "/demo/dom.js";
import { formatCount, formatMs, plural } from "/demo/format.js";

/** One line for the table. */
export function burstSummary(burst, ms) {
  if (ms === undefined) return `${formatCount(burst.done)} of ${formatCount(burst.count)} …`;
  const failed = burst.failed ? `${formatCount(burst.failed)} failed (${burst.error.code}, ${burst.error.fate}) · ` : "";
  return `${plural(burst.count - burst.failed, "reply", "replies")} · ${failed}${formatCount(rate(burst, ms))} calls/s · ` +
    `${plural(burst.framesOut, "frame")} out, ${burst.framesIn} in${burst.shared ? ", of all tabs" : ""} · ${formatCount(burst.late)} out of order`;
}

/** Fills a <dl> with the result. */
export function showBurst(dl, burst, ms) {
  const figures = [
    ["All replies in", formatMs(ms)],
    ["Calls per second", formatCount(rate(burst, ms))],
    [burst.shared ? "Frames of all tabs" : "Frames out, in", `${burst.framesOut}, ${burst.framesIn}`],
    ["Out of order", formatCount(burst.late)],
    ["First reply after", burst.first === undefined ? "–" : formatMs(burst.first)],
    ["In their own callback", formatCount(burst.right)],
  ];
  if (burst.failed) figures.push(["Failed", `${formatCount(burst.failed)} (${burst.error.code})`]);
  dl.replaceChildren(...figures.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  dl.hidden = false;
}

function rate(burst, ms) {
  return ((burst.count - burst.failed) / Math.max(ms, 0.001)) * 1000;
}
