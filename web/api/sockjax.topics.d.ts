import type { SockjaxError } from "./sockjax.js";

/** Behind a message of a topic. */
export interface Position {
  /** Names the history that the topic had. */
  epoch: string;
  /** Messages count from 1. */
  offset: number;
}

/** What a handler of a topic gets beside a message: its position, to go on from later as `since`. */
export interface Seen extends Position {
  topic: string;
}

/** Messages that can't be had any more: `from` to `to`, both among them. Or all that came before, where the history has begun anew as `epoch`. */
export type Gap = { from: number; to: number; epoch?: never } | { epoch: string; from?: never; to?: never };

/** Options of `on`. */
export interface TopicOptions {
  /**
   * The position of the last message that was seen: what came after it comes
   * first. `{}` stands for all that the server has.
   * @default what comes from now on; or, if the topic has another handler
   *   already, what comes after the last message that the client has received
   */
  since?: Partial<Position> | null;
  /** Is told of messages that are missing, in their place. Time to fetch a snapshot. */
  gap?: (gap: Gap) => void;
  /**
   * Is told why the server does not send the topic: a SockjaxError `invalid`
   * or `overloaded`, whose `reason` is the server's code. The server is asked
   * again on the next connection.
   * @default the error is reported as the page's own uncaught error
   */
  refused?: (error: SockjaxError) => void;
  /** Aborting it ends the subscription. */
  signal?: AbortSignal | null;
}
