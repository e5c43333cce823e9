/** What `stats` returns. Counts are from `connect` on; what a worker does, in all its tabs, is as of its last turn. */
export interface Stats {
  readonly host: "page" | "worker" | "shared";
  /** Calls without an outcome yet. */
  readonly pending: number;
  /** Of these: not sent yet. */
  readonly queued: number;
  /** Of the queued: bytes of JSON. */
  readonly queuedBytes: number;
  /** Of the pending: sent on a connection that was lost, and not sent again yet. */
  readonly inDoubt: number;
  /** Replies and errors that have arrived and of which the server has not been told yet, which it therefore keeps. */
  readonly unacked: number;
  /** Calls made. */
  readonly calls: number;
  /** Calls that got a reply. */
  readonly replies: number;
  /** Calls that failed. */
  readonly failures: number;
  /** Frames and JavaScript string units (bytes, where all is ASCII) sent and received. */
  readonly framesOut: number;
  readonly framesIn: number;
  readonly unitsOut: number;
  readonly unitsIn: number;
  /** Times that a connection was opened. */
  readonly opened: number;
  /** Messages that no call waited for. */
  readonly unmatched: number;
  /** Frames and messages that could not be understood. */
  readonly garbage: number;
  /** Times that the wasm runtime ended and was started again. */
  readonly crashes: number;
  /** Slots that hold a call's values, and places made for them. */
  readonly slots: number;
  readonly slotCapacity: number;
  /** `js.Func`s that the page's wasm runtime holds, for all clients; 0 while this client has no part in it. */
  readonly funcs: number;
}
