import { SockjaxError } from "../shared/errors.js";

/**
 * What Go holds of a host, and calls through safejs: the other end of
 * ../../wasm/bridge.go and socket.go. It lets go of the host when the engine
 * has ended. Go lets go of this only when its own garbage collector runs, and
 * on a page that is quiet it never does.
 */
export class Bridge {
  #host;
  #address;
  #frames;

  constructor(host, address, frames) {
    this.#host = host;
    this.#address = address;
    this.#frames = frames;
  }

  failed(slot, code, fate, message) {
    this.#host.fail(slot, new SockjaxError(code, fate, message));
  }

  changed(...change) {
    this.#host.changed(...change);
  }

  /** Asks where to connect: see Address. */
  ask(answer) {
    this.#address.askURL(answer);
  }

  askToken(answer) {
    this.#address.askToken(answer);
  }

  attach(socket) {
    this.#frames.attach(socket);
  }

  detach(socket) {
    this.#frames.detach(socket);
  }

  /** What a close event means: {code, reason}. */
  ended(event) {
    return this.#frames.ended(event);
  }

  /** The engine has ended: nothing comes any more. */
  released() {
    const host = this.#host;
    this.#host = this.#address = this.#frames = null;
    host.released();
  }
}
