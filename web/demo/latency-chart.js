// The recent round trips as columns, one per call in order of their outcome,
// on a logarithmic scale: an echo of one millisecond and a wait of ten seconds
// have to fit into the same picture. A failure has its own colour and a cross.
import { byId, make, makeSVG, perFrame, setText } from "/demo/dom.js";
import { formatMs, percentile, plural } from "/demo/format.js";

const kept = 120;
const margin = { top: 18, right: 52, bottom: 10, left: 52 };
const least = 0.1; // milliseconds: what browsers' clocks tell apart

export class LatencyChart {
  #box = byId("chart");
  #svg = makeSVG("svg", { role: "img", "aria-labelledby": "latency-title", "aria-describedby": "latency-summary" });
  #grid = makeSVG("g", { class: "grid" });
  #bars = makeSVG("g");
  #lines = makeSVG("g");
  #tip = make("output", { className: "tip", hidden: true });
  #points = [];
  #pointed = -1;
  #size = { width: 0, height: 0 };
  #render = perFrame(() => this.#draw());

  constructor() {
    this.#svg.append(this.#grid, this.#bars, this.#lines);
    this.#box.append(this.#svg, this.#tip);
    new ResizeObserver(([entry]) => {
      this.#size = entry.contentRect;
      this.#render();
    }).observe(this.#box);
    this.#svg.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    this.#svg.addEventListener("pointerleave", () => this.#point(NaN));
  }

  /** Adds a call that has its outcome. */
  add({ key, kind, ms, outcome }) {
    this.#points.push({ key, kind, ms: Math.max(ms, least), outcome });
    if (this.#points.length > kept) this.#points.shift();
    this.#render();
  }

  #draw() {
    const { width, height } = this.#size;
    const points = this.#points;
    if (!points.length || !width) return;
    byId("chart-empty").hidden = true;
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);

    const [low, high] = decades(points);
    const bottom = height - margin.bottom;
    const y = (ms) => bottom - ((Math.log10(ms) - low) / (high - low)) * (bottom - margin.top);
    this.#drawGrid(low, high, y);

    const step = this.#step();
    const wide = Math.min(step * 0.68, 14);
    this.#bars.replaceChildren(...points.map(({ ms, outcome }, i) => {
      const x = this.#x(i);
      const top = Math.min(y(ms), bottom - 2);
      const ok = outcome === "ok";
      const bar = makeSVG("g", { class: `bar ${ok ? "ok" : outcome}${i === this.#pointed ? " pointed" : ""}` },
        makeSVG("rect", { x: x - wide / 2, y: top, width: wide, height: bottom - top, rx: Math.min(2.5, wide / 2) }));
      if (!ok) bar.append(makeSVG("path", { d: `M${x - 3.5} ${top - 10}l7 7m0-7l-7 7` }));
      return bar;
    }));

    const good = points.filter((point) => point.outcome === "ok").map((point) => point.ms).sort((a, b) => a - b);
    const p50 = percentile(good, 0.5);
    const p95 = percentile(good, 0.95);
    this.#drawLines(p50, p95, y);
    this.#describe(good.length, p50, p95);
    this.#drawTip();
  }

  #drawGrid(low, high, y) {
    const { width } = this.#size;
    const marks = [];
    for (let decade = low; decade <= high; decade++) {
      const at = y(10 ** decade);
      marks.push(
        makeSVG("line", { x1: margin.left, x2: width - margin.right, y1: at, y2: at }),
        makeSVG("text", { x: margin.left - 8, y: at + 4, "text-anchor": "end" }, decadeName(decade)),
      );
    }
    this.#grid.replaceChildren(...marks);
  }

  #drawLines(p50, p95, y) {
    const right = this.#size.width - margin.right;
    const line = (name, at, textAt) => makeSVG("g", { class: `percentile ${name}` },
      makeSVG("line", { x1: margin.left, x2: right, y1: at, y2: at }),
      makeSVG("text", { x: right + 6, y: textAt + 4 }, name));
    this.#lines.replaceChildren();
    if (Number.isNaN(p50)) return;
    const [at50, at95] = [y(p50), y(p95)];
    // Labels of lines that lie close together would cover each other.
    const apart = Math.max(0, 13 - (at50 - at95));
    this.#lines.append(line("p50", at50, at50 + apart / 2), line("p95", at95, at95 - apart / 2));
  }

  #describe(good, p50, p95) {
    const all = this.#points.length;
    const failed = all - good;
    setText(byId("p50"), good ? formatMs(p50) : "–");
    setText(byId("p95"), good ? formatMs(p95) : "–");
    setText(byId("latency-summary"),
      `The last ${plural(all, "call")}${all === kept ? "" : " so far"}: ` +
      (good ? `half were answered within ${formatMs(p50)}, 95 of 100 within ${formatMs(p95)}; ` : "") +
      `${failed ? `${failed} failed` : "none failed"}. ` +
      `${this.#points.some((point) => point.kind === "burst") ? "Of a burst, a few calls are drawn. " : ""}Logarithmic scale.`);
  }

  // Few calls stand at the left, with room for those to come.
  #step() {
    return (this.#size.width - margin.left - margin.right) / Math.max(40, this.#points.length);
  }

  #x(i) {
    return margin.left + (i + 0.5) * this.#step();
  }

  #point(x) {
    const i = Math.floor((x - margin.left) / this.#step());
    this.#pointed = i >= 0 && i < this.#points.length ? i : -1;
    this.#render();
  }

  #drawTip() {
    const point = this.#points[this.#pointed];
    this.#tip.hidden = !point;
    if (!point) return;
    setText(this.#tip, `#${point.key} ${point.kind} · ${formatMs(point.ms)} · ${point.outcome}`);
    const x = Math.min(this.#x(this.#pointed), this.#size.width - this.#tip.offsetWidth / 2 - 4);
    this.#tip.style.left = `${Math.max(this.#tip.offsetWidth / 2 + 4, x)}px`;
  }
}

/** The powers of ten that hold all points, three decades at least. */
function decades(points) {
  let low = Infinity;
  let high = -Infinity;
  for (const { ms } of points) {
    low = Math.min(low, ms);
    high = Math.max(high, ms);
  }
  const from = Math.floor(Math.log10(low));
  return [from, Math.max(from + 3, Math.ceil(Math.log10(high)))];
}

function decadeName(decade) {
  return decade >= 3 ? `${10 ** (decade - 3)} s` : `${+(10 ** decade).toFixed(1)} ms`;
}
