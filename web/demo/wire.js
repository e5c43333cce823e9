// The picture of the one wire: a pulse for each frame that leaves (above) and
// arrives (below), labelled with the calls it carries where there are several,
// and the calls that wait at this page's end.
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

  /** Shows what happened since the last time. */
  update(stats) {
    const sent = stats.calls - stats.queued;
    const last = this.#last;
    // A new client counts from zero.
    if (last && stats.calls >= last.calls && stats.opened >= last.opened) {
      this.#pulses("out", stats.framesOut - last.framesOut, sent - last.sent);
      this.#pulses("in", stats.framesIn - last.framesIn, stats.replies - last.replies);
    }
    this.#last = { calls: stats.calls, opened: stats.opened, framesOut: stats.framesOut, framesIn: stats.framesIn, replies: stats.replies, sent };
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
