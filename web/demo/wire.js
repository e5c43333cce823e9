// The picture of the one wire: a pulse for each frame that leaves (above) and
// arrives (below), labelled with the calls it carries where there are several,
// and the calls that wait at this end. On a shared worker's socket these are
// the frames of all tabs, of which stats() can't say whose calls they carry.
import { byId, lessMotion, make, setText } from "/demo/dom.js";
import { formatCount } from "/demo/format.js";

const flightMs = 520;
const pulsesPerTick = 3; // more could not be told apart
const pulsesAlive = 24;

export class Wire {
  #track = byId("wire").querySelector(".track");
  #queue = byId("wire-queue");
  #last = null;
  #alive = 0;

  /** A new client counts from zero. */
  restart() {
    this.#last = null;
  }

  /** Shows what happened since the last time. alone tells whether no other tab has calls on this wire. */
  update(stats, alone) {
    const last = this.#last;
    const next = { stats, sent: stats.calls - stats.queued, late: false };
    // A shared worker may have begun long ago: its first figures are no news.
    if (last && (last.stats.opened > 0 || stats.host !== "shared")) {
      const out = stats.framesOut - last.stats.framesOut;
      this.#pulses("out", out, alone ? next.sent - last.sent : 0);
      this.#pulses("in", stats.framesIn - last.stats.framesIn, alone ? stats.replies - last.stats.replies : 0);
      // A worker's figures are one update behind the page's calls.
      if (stats.host !== "page" && out === 0 && !last.late) Object.assign(next, { sent: last.sent, late: true });
    }
    this.#last = next;
    this.#queue.hidden = stats.queued === 0;
    if (stats.queued) setText(this.#queue, `${formatCount(stats.queued)} waiting`);
  }

  #pulses(direction, frames, calls) {
    if (lessMotion.matches || document.hidden) return;
    const shown = Math.min(frames, pulsesPerTick);
    for (let i = 0; i < shown && this.#alive < pulsesAlive; i++) {
      this.#pulse(direction, Math.round(calls / shown), i * 70);
    }
  }

  #pulse(direction, calls, delay) {
    const pulse = make("i", { className: `pulse ${direction}` }, calls > 1 ? `×${formatCount(calls)}` : "");
    pulse.classList.toggle("many", calls > 1);
    this.#track.append(pulse);
    this.#alive++;
    const way = this.#track.clientWidth - pulse.offsetWidth;
    const [from, to] = direction === "out" ? [0, way] : [way, 0];
    const animation = pulse.animate(
      [
        { transform: `translateX(${from}px)`, opacity: 0 },
        { opacity: 1, offset: 0.12 },
        { opacity: 1, offset: 0.88 },
        { transform: `translateX(${to}px)`, opacity: 0 },
      ],
      { duration: flightMs, delay, easing: "cubic-bezier(.45,.1,.55,.9)", fill: "both" },
    );
    animation.finished.finally(() => {
      this.#alive--;
      pulse.remove();
    }).catch(() => {});
  }
}
