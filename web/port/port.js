/**
 * The port: all that a client (../api) asks of its host (../host), and is told.
 * In the page it is these methods themselves; to a worker each is a message of
 * that name with these arguments, and what a turn has to say shares one.
 *
 * The client asks the host:
 *
 *   submit(slot, text, name, timeout, idempotent, durable, extra)   returns the call's number;
 *                           extra is undefined for ordinary calls, otherwise {window, open, bytes}:
 *                           bytes of a stream that may have come and not been read, 0 if none is
 *                           wanted; whether a body follows; data of bytes in place of the text, or null
 *   feed(slot, part, size)  another part of the body: a text of JSON, or bytes that stay as they are
 *                           until room has said that the server has taken them; size is in bytes.
 *                           Not beyond what room has said, but for the part with which it is reached
 *   end(slot)               the body is complete
 *   took(slot, n)           n parts of the stream were read
 *   refuse(slot, error)     the same for one that is none: the error comes back in the next turn
 *   abort(slot, number)
 *   follow(number, topic, since) unfollow(number)   a handler of a topic; since is {epoch, offset} or null
 *   heard([[number, count], …])    how much of what a handler was told it has heard (to a worker only)
 *   reconnect() drain() close() stats()
 *
 * The host tells the client, its face:
 *
 *   settle(slot, reply, error)   a call's outcome: once for each slot that was given; from a
 *                                durable one's a worker waits for told(number), as for outbox
 *   parts(slot, values)          of a stream: values of JSON, or Uint8Arrays
 *   room(slot, fed, taken, most) so many bytes of the body may have been fed in all, in chunks of at
 *                                most so many, and so many has the server taken
 *   changed(detail, ended)       another state, and why no more calls can be made
 *   topic(number, kind, value, position)   what a handler is to hear: kind is "message", "gap", "refused" or
 *                                "at", which says only where it begins; position is that behind it
 *   unmatched(detail) outbox(detail)
 *   hiding()                     asks whether the page may end at any moment, or "now"
 *   read(text, frame)            a frame was read to its end (a worker's face only)
 *
 * The client owns the slots, the callbacks, the signals, and data before it is
 * JSON; the host owns each text until its outcome, the socket, the session and
 * the store. A slot is the client's again once it is settled.
 */

/** Raised with every change of what crosses to a worker. */
export const PORT = 2;

/** What stats() is made of in a host, in the order in which it crosses. */
export const FIGURES = [
  "pending", "queued", "queuedBytes", "inDoubt", "unacked", "funcs",
  "framesOut", "framesIn", "unitsOut", "unitsIn", "opened", "unmatched", "garbage", "crashes",
];

/** So many of these are of the present moment; the others count. */
export const PRESENT = 6;

/** One end of a MessagePort: what is said in a turn shares one message, [[name, …arguments], …]. */
export class Line {
  #port;
  #last;
  #said = [];
  #given = []; // buffers that cross with it, and are not copied

  /** methods are what the other end may call; last() is said behind all else. */
  constructor(port, methods, last) {
    this.#port = port;
    this.#last = last;
    port.onmessage = ({ data }) => {
      for (const [name, ...args] of data) methods[name](...args);
    };
  }

  say(...what) {
    if (this.#said.push(what) === 1) queueMicrotask(this.#flush);
  }

  /** The same with bytes in it, which are the other end's from then on. */
  give(bytes, ...what) {
    for (const { buffer } of bytes) this.#given.push(buffer);
    this.say(...what);
  }

  /** What was said last in this turn: more may be added to it. */
  get last() {
    return this.#said.at(-1);
  }

  #flush = () => {
    const last = this.#last?.();
    if (last) this.#said.push(last);
    const said = this.#said;
    const given = this.#given;
    this.#said = [];
    this.#given = [];
    try {
      this.#port.postMessage(said, given);
    } catch {
      for (const what of said) this.#port.postMessage([what.map(sendable)]);
    }
  };

  /** Nothing is heard any more; what has been said still goes. */
  close() {
    this.#port.onmessage = null;
  }
}

/** What is nested too deeply can't cross: undefined is there in its place. */
function sendable(value) {
  if (typeof value !== "object") return value;
  try {
    return structuredClone(value);
  } catch {
    return undefined;
  }
}

/**
 * The data of each reply in a frame, in their order. Both ends make them of the
 * same text, the page since a text crosses faster than what it says.
 */
export function repliesOf(frame) {
  if (!Array.isArray(frame)) return [frame]; // plain mode
  const replies = [];
  for (const message of frame) {
    if (Array.isArray(message)) for (let i = 1; i < message.length; i++) replies.push(message[i]);
    else if (message?.data !== undefined) replies.push(message.data);
  }
  return replies;
}
