/**
 * sockjax: Ajax over one WebSocket.
 *
 *     import { connect } from "/sockjax.js";
 *     const api = connect("/ws");
 *     api.send({ api: "time" }, (reply, error) => console.log(reply ?? error));
 *
 * As a classic script, `<script src="/sockjax.global.js">`, the same stands
 * under `window.sockjax`.
 */

import type { BodyOptions, Stream } from "./sockjax.streams.js";
import type { Seen, TopicOptions } from "./sockjax.topics.js";
import type { Stats } from "./sockjax.stats.js";

export type { Body, BodyOptions, Progress, Stream } from "./sockjax.streams.js";
export type { Gap, Position, Seen, TopicOptions } from "./sockjax.topics.js";
export type { Stats } from "./sockjax.stats.js";

/** Any value that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * What a call takes: everything that `JSON.stringify` takes, or bytes alone, an ArrayBuffer or a view of
 * one, which the server's handler gets as bytes. It is read at once; changing it after the call changes
 * nothing. JSON with bytes inside is `invalid`: they go as `body`, or alone. A reply of bytes is an ArrayBuffer.
 */
export type Data = unknown;

/** Names a call in its client. A number that counts up; in plain mode the `key` in the data, or a uuid. */
export type Key = number | string;

/**
 * Runs exactly once for each call, never before `send` has returned. Reply
 * first, error second: `error` is `null` when a reply came, and `reply` is
 * `undefined` when an error did; after `if (error) return` the reply is there.
 * What it throws is reported as an uncaught error of the page (`reportError`)
 * and disturbs nothing else.
 */
export type Callback<Reply = any> =
  | ((...outcome: [reply: Reply, error: null] | [reply: undefined, error: SockjaxError]) => void)
  | UntiedCallback<Reply>;

/**
 * The same without the tie between reply and error, for functions of one
 * parameter, and for parameters with types of their own. Its second signature
 * keeps TypeScript from using it for parameters without a type.
 */
interface UntiedCallback<Reply> {
  (reply: Reply | undefined, error: SockjaxError | null): void;
  <_>(reply: Reply | undefined, error: SockjaxError | null): void;
}

/** Options of one call. */
export interface CallOptions extends BodyOptions {
  /**
   * Milliseconds until the call fails with `timeout`, from the end of the
   * page's turn in which it was made. 0 means never. Of a stream, and of a
   * call with a body, it is the time without progress: without a part that
   * comes, is read or is taken. It does not run while parts wait to be read.
   * The server is told, so that it can stop working on it.
   * @default the client's `timeout`, 10,000
   */
  timeout?: number;
  /** Aborting it fails the call with `aborted`. The server is told. */
  signal?: AbortSignal | null;
  /**
   * Whether running the request twice does no harm. Such a call is sent again
   * where any other would fail as `lost`: when a connection was lost and the
   * server does not know the session any more.
   * @default false
   */
  idempotent?: boolean;
  /**
   * Whether the call outlives the page. It is stored in the browser
   * (IndexedDB) before it is sent, and removed once its outcome is known: when
   * the callback runs, whatever the error. If the page is reloaded, closed or
   * crashes before that, or the whole browser does, the next client of this
   * site with the same URL (`outbox.name`) sends it again, when it is open,
   * under the session and key that it had. So it runs once, and that client
   * dispatches an `outbox` event.
   *
   * What is known stays true: a call that was stored while there was no
   * connection certainly did not run. One that may have been sent needs a
   * server that remembers its session, which it does for a limited time
   * (2 minutes by default); after that, it is sent again if it is
   * `idempotent`, and otherwise the event says `lost`.
   *
   * On a page that is hidden, being left or reloaded there may be no time to
   * store it: while there is a connection it is sent at once, and stored beside it.
   * Firefox has closed it by then: there the call is stored, if the site has stored one before.
   *
   * A `timeout`, an AbortSignal and `close()` work, and end the call for good,
   * as long as the page lives that has made it; later it has no deadline.
   *
   * If the call cannot be stored it fails as `storage`, and is not sent: the
   * outbox or the storage is full, the page has none (sandboxed frames, some
   * private windows) or no Web Locks (pages that are not secure: plain http,
   * except on localhost), or the browser does not answer within seconds.
   *
   * Storing takes some milliseconds. Durable calls keep their order among
   * themselves; others overtake them. The data can be read by every script
   * of the site, and by whoever uses the browser next.
   * @throws TypeError in plain mode, where the URL is a function and there is
   *   no `outbox.name`, and with a body, a stream or bytes
   * @default false
   */
  durable?: boolean;
}

/** Options of a client. */
export interface Options {
  /**
   * Where socket and wasm are: in the `"page"`, in a `"worker"` of the page's,
   * or in a `"shared"` one, which holds one connection for all tabs of the
   * site. docs/hosts.md says what that changes. Where tabs can't share, it is
   * a worker: `stats().host` tells.
   * @default "page"
   */
  host?: "page" | "worker" | "shared";
  /** With `host: "shared"`: clients whose `url` or `token` is a function share only under the same name. */
  name?: string;
  /** Where `sockjax-worker-….js` is, as `wasmURL` says it of the wasm. @default beside the script */
  workerURL?: string | URL;
  /**
   * `"sockjax.1"`, or `"plain"` for a server that takes one JSON object a
   * frame and answers with an object that has the same `key`.
   * @default "sockjax.1"
   */
  protocol?: "sockjax.1" | "plain";
  /**
   * `"seed"`: plain mode with the numbers of the script that this library
   * grew out of: a ping each 45 s that nobody need answer, a new attempt
   * within 2 s, 10 attempts, no deadlines. Other options override it.
   */
  preset?: "seed";
  heartbeat?: {
    /**
     * Milliseconds of silence after which the client pings.
     * @default 25000
     */
    after?: number;
    /**
     * Milliseconds without a byte after a ping until the connection counts as
     * dead. 0 means never.
     * @default 10000
     */
    timeout?: number;
  };
  /**
   * After the n-th failure in a row the client waits a random time between 0
   * and `min`·2ⁿ⁻¹, at most `max` ("full jitter"), and starts over once a
   * connection has held for 5 s.
   */
  reconnect?: {
    /** Milliseconds. @default 500 */
    min?: number;
    /** Milliseconds. @default 20000 */
    max?: number;
    /**
     * Failures in a row after which the client gives up, closes, and fails
     * what waits. 0: the first failure is the last.
     * @default Infinity
     */
    attempts?: number;
  };
  /**
   * Milliseconds that a call may take. 0 means for ever.
   * @default 10000
   */
  timeout?: number;
  /**
   * Says to the server who the client is; its form is between page and server.
   * Or a function that returns it, or a Promise of it, called for each attempt
   * to connect and shortly before the server's time for the last one is over.
   * It never stands in a URL. When the server does not accept it, the client
   * closes with code 4401 and an `error` event; `reconnect()` tries again. Not
   * in plain mode.
   */
  token?: string | (() => string | Promise<string>);
  /** What may wait to be sent; a call beyond that fails as `overloaded`. */
  queue?: {
    /**
     * Calls. The default bounds them only while there is no connection: on one,
     * `bytes` is the bound. A number that is given always counts.
     * @default 10000
     */
    calls?: number;
    /** Bytes of JSON. Texts of up to 16 KiB count a byte a character. @default 16777216 */
    bytes?: number;
  };
  /**
   * What may be stored for calls that are `durable`, in this browser by all
   * clients of the site with the same name; a call beyond that fails as
   * `storage`.
   */
  outbox?: {
    /** @default 1000 */
    calls?: number;
    /** Bytes of JSON. Texts of up to 16 KiB count a byte a character. @default 16777216 */
    bytes?: number;
    /**
     * Whose calls these are: a client sends again what clients of the same
     * name have left, as whoever it is itself by its token or cookies. Where
     * people share a browser, give each a name of their own. The name then
     * stands for the server too. Without one it is the URL; a URL that is a
     * function has no name.
     */
    name?: string;
  };
  /**
   * Where `sockjax-….wasm` is, if it is not beside the script. Required where
   * the script has no URL of its own: in a module from a `blob:` or `data:`
   * URL, in a worker made of a blob, in a bundle that is no module. All clients
   * of a page share one wasm, so that only the first client decides; a later
   * one may name the same URL, or none.
   * @default beside the script
   * @throws TypeError where it is missing and required, or differs from the first client's
   */
  wasmURL?: string | URL;
}

/**
 * - `connecting`: a socket is being opened
 * - `open`: the server has answered
 * - `waiting`: for the next attempt
 * - `closed`: for good, by `close()`, a fatal close code, or after the last attempt
 */
export type State = "connecting" | "open" | "waiting" | "closed";

/**
 * | code | fate | when |
 * |---|---|---|
 * | `timeout` | `unsent` or `unknown` | the deadline passed |
 * | `aborted` | `unsent` or `unknown` | the AbortSignal; a stream that was not read to its end; a body that could not be read |
 * | `closed` | `unsent` or `unknown` | `close()`, reconnecting was given up, or the server refused the client: a call that only the refused connection had carried is `unsent`, and may safely be made again |
 * | `overloaded` | `unsent` | the queue is full, or the server is busy and the deadline too near for another try |
 * | `lost` | `unknown` or `executed` | sent, then the server has lost the session, and not `idempotent`; or the connection broke each time that it was sent; `executed`: it ran, and its reply went to an earlier page |
 * | `rejected` | `executed` | the server's handler returned an error |
 * | `invalid` | `unsent` or `unknown` | not serialisable, too large, refused, or the server has no handler for it; `unknown`: an earlier page has sent it, and its key is in flight |
 * | `crashed` | `unsent` or `unknown` | the wasm runtime ended, or could not start |
 * | `storage` | `unsent` | a `durable` call could not be stored |
 */
export type ErrorCode = "timeout" | "aborted" | "closed" | "overloaded" | "lost" | "rejected" | "invalid" | "crashed" | "storage";

/** What became of the request: `unsent`, it certainly did not run; `executed`, it certainly ran; `unknown`, it may have run. */
export type Fate = "unsent" | "unknown" | "executed";

/** Every failure of a call. */
export class SockjaxError extends Error {
  constructor(code: ErrorCode, fate: Fate, message: string, details?: { reason?: string; data?: any; cause?: unknown });
  readonly name: "SockjaxError";
  readonly code: ErrorCode;
  readonly fate: Fate;
  /**
   * The server's own code, where the error comes from it. With `rejected`, the
   * handler's; with `invalid` and `overloaded`, why it did not run the call,
   * such as `not_found` or `overloaded`.
   */
  readonly reason?: string;
  /** What the server sent beside it, if anything. */
  readonly data?: any;
}

/**
 * Why a state has changed, for the page to act on.
 *
 * | cause | state | what happened |
 * |---|---|---|
 * | `close` | `closed` | `close()` was called |
 * | `refused` | `closed` | the server closed with a code after which trying again is pointless: `closeCode` says which |
 * | `gave-up` | `closed` | as many attempts in a row failed as `reconnect.attempts` allows |
 * | `failed-to-load` | `closed` | wasm could not be loaded or started, or belongs to another build of the script |
 * | `network` | `waiting` | the connection could not be opened, or broke |
 * | `server` | `waiting` | the server, or a proxy, closed the connection: `closeCode` says why, such as 1012 for a restart |
 * | `timeout` | `waiting` | the server did not answer in time: the handshake, or a ping |
 * | `function` | `waiting` | the `url` or `token` function failed, did not answer in time, or gave what can't be used |
 * | `paused` | `waiting` | the page went into the back/forward cache |
 * | `crashed` | `connecting` | the wasm runtime ended, and is being started again |
 *
 * As long as wasm is being loaded, a connection that ends leaves `connecting`
 * with `network`, `server` or `paused`: the attempts to follow are made by wasm.
 */
export type Cause = "close" | "refused" | "gave-up" | "failed-to-load" | "network" | "server" | "timeout" | "function" | "paused" | "crashed";

/** Detail of a `statechange` event. */
export interface StateChange {
  readonly state: State;
  readonly previous: State;
  /** Failures in a row so far. */
  readonly attempt: number;
  /** With `waiting`: milliseconds until the next attempt. */
  readonly delay: number;
  /** With `waiting` and `closed`: the WebSocket's close code, 0 if there was none. */
  readonly closeCode: number;
  /** Empty where nothing has gone wrong: with `open`, and with `connecting` for the next attempt. */
  readonly cause: Cause | "";
  /** The same in words, for logs and people: they change from version to version. */
  readonly reason: string;
}

/** Detail of an `unmatched` event: a message that no call waits for, such as a reply after its deadline. */
export interface Unmatched {
  readonly key: Key | undefined;
  /** The whole message as it came. */
  readonly message: any;
}

/** Detail of an `outbox` event: the outcome of a `durable` call whose page has gone. Reply and error are as for its callback. */
export type Recovered<Reply = any> = {
  /** The call's key in the session that made it. */
  readonly key: Key;
  /** The call's data. */
  readonly data: any;
} & ({ readonly reply: Reply; readonly error: null } | { readonly reply: undefined; readonly error: SockjaxError });

export interface SockjaxEventMap {
  statechange: CustomEvent<StateChange>;
  /** The client has closed by itself: it gave up, the server refused it, or wasm could not be loaded. */
  error: CustomEvent<Error>;
  unmatched: CustomEvent<Unmatched>;
  /**
   * A `durable` call that a page has left behind has got its outcome. Listen
   * from the turn on in which `connect` was called. The event may come once
   * more where the page ends right after it.
   */
  outbox: CustomEvent<Recovered>;
}

/** A client: one WebSocket, and the calls that go over it. Its methods work on their own too: `const { request } = api`. */
export class Sockjax extends EventTarget {
  private constructor();

  /**
   * Makes a call. Works at once, whatever the state: the call waits until it
   * can be sent. Calls made in the same turn of the page share a frame.
   * @returns the call's key, for logs
   * @throws TypeError for a callback or an option that cannot work, or an option that does not exist
   */
  send<Reply = any>(this: void, data: Data, callback?: Callback<Reply> | null, options?: CallOptions): Key;

  /** As `send`, as a Promise that rejects with a `SockjaxError`, or with the TypeError that `send` would throw. */
  request<Reply = any>(this: void, data: Data, options?: CallOptions): Promise<Reply>;

  /**
   * Makes a call whose reply comes in parts, if the server's handler sends any.
   * @throws TypeError for an option that cannot work, or does not exist
   */
  stream<Part = any, Reply = any>(this: void, data: Data, options?: CallOptions): Stream<Part, Reply>;

  /**
   * Calls the handler with each message of a topic, once and in order, across
   * all connections. Works at once, whatever the state; not in plain mode.
   * Handlers of one topic share a subscription. What one throws is reported as
   * the page's own uncaught error.
   * @returns a function that ends it
   * @throws TypeError for what cannot work; SockjaxError after `close()`
   */
  on<Message = any>(this: void, topic: string, handler: (data: Message, seen: Seen) => void, options?: TopicOptions): () => void;

  readonly state: State;
  /** Resolves when the client is open for the first time; rejects if it closes before that. */
  readonly ready: Promise<void>;
  /** Connects anew, at once, even if the client had given up. Not after `close()`. */
  reconnect(this: void): void;
  /** Resolves when nothing waits to be sent any more. */
  drain(this: void): Promise<void>;
  /**
   * Closes for good: every call without an outcome fails as `closed`, durable
   * ones too. Those that earlier pages have left stay for the next client.
   * Resolves when everything that the client held is released.
   */
  close(this: void): Promise<void>;
  stats(this: void): Stats;
  addEventListener<T extends keyof SockjaxEventMap>(this: void, type: T, listener: (this: Sockjax, event: SockjaxEventMap[T]) => any, options?: boolean | AddEventListenerOptions): void;
  addEventListener(this: void, type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<T extends keyof SockjaxEventMap>(this: void, type: T, listener: (this: Sockjax, event: SockjaxEventMap[T]) => any, options?: boolean | EventListenerOptions): void;
  removeEventListener(this: void, type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/**
 * Makes a client and returns at once; wasm and the socket load behind it.
 * @param url absolute or relative to the page; `http(s)` is mapped to
 *   `ws(s)`. Or a function that returns one, or a Promise of one, called for
 *   each attempt.
 * @throws TypeError for a URL or an option that cannot work
 */
export function connect(url: string | URL | (() => string | URL | Promise<string | URL>), options?: Options): Sockjax;

/** The version of this build. */
export const version: string;
