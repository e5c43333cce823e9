/**
 * What a body may be:
 *
 * - bytes: an ArrayBuffer or a view of one, which must not change until the call has ended; a Blob or a File;
 *   or a string, as UTF-8
 * - a ReadableStream, or anything to iterate over: an async generator, a generator, an array. Each
 *   ArrayBuffer or view in it is bytes, and each other value a part of JSON, strings and arrays too
 *
 * The handler reads bytes as they come, however they were cut, and gets JSON value by value. A part of
 * JSON must fit into a frame of the server's, 1 MiB by default. A FormData is no body: `fetch` sends forms.
 */
export type Body = string | ArrayBuffer | ArrayBufferView | Blob | ReadableStream | AsyncIterable<unknown> | Iterable<unknown>;

/** How much of a body has gone. */
export interface Progress {
  /** Bytes of the body that the server's handler has taken; of parts of JSON, those of their text. */
  loaded: number;
  /** Bytes of all of it, where that is known: of strings, ArrayBuffers, views, Blobs and Files. */
  total: number | undefined;
}

/** Options of a call that has a body. */
export interface BodyOptions {
  /**
   * Follows the request, and is read no faster than the server's handler takes it.
   * A lost connection does no harm: it goes on where it was. If it can't be read, the call ends as
   * `aborted`, with the error as its `cause`; as `invalid` where a part of it can't be sent. If the call
   * ends before it does, what is left is cancelled. Not in plain mode, and not with `durable`.
   * @throws TypeError for what can't be a body
   */
  body?: Body | null;
  /** Is called each time that the server says what it has taken. What it throws is reported as an uncaught error of the page. */
  onprogress?: ((progress: Progress) => void) | null;
}

/**
 * A reply that comes in parts: what `stream` returns. It is read once, with `for await`, `next()` or
 * `ReadableStream.from(stream)`. As long as it is not read on, the server's handler waits, once 4 MiB
 * are on their way, or less where the line is slow.
 *
 * Parts of JSON are its values, parts of bytes are Uint8Arrays of up to 256 KiB, perhaps views of a
 * longer ArrayBuffer. They come in order, each once, across lost connections. If the call fails, the
 * loop throws behind the parts that had come before. If the server loses the session, it fails as
 * `lost`: with the fate `executed` if a part had arrived.
 *
 * `break`, `return()`, `throw()`, an AbortSignal and `close()` end it; the server's handler is told.
 */
export interface Stream<Part = any, Reply = any> extends AsyncIterable<Part> {
  /**
   * The outcome, behind all parts: what the handler has returned. Rejects with the error that the loop
   * throws, and as `aborted` if the reader has left by `break`, `return()` or `throw()`. That nobody looks
   * at it is no unhandled rejection. A handler that waits for its parts to be read returns only then.
   */
  readonly reply: Promise<Reply>;
  /** @throws SockjaxError once, if the call has failed */
  next(this: void): Promise<IteratorResult<Part, undefined>>;
  return<Value>(this: void, value?: Value): Promise<IteratorResult<Part, Value | undefined>>;
  throw(this: void, error?: unknown): Promise<IteratorResult<Part, undefined>>;
  [Symbol.asyncIterator](): Stream<Part, Reply>;
}
