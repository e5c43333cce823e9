// What a page may write: all of this must compile. Nothing here is ever run.
import { connect, Sockjax, SockjaxError, version } from "sockjax";
import type {
  Body, BodyOptions, CallOptions, Callback, Cause, Data, ErrorCode, Fate, Gap, Json, Key, Options, Position, Progress, Recovered, Seen, SockjaxEventMap, State, StateChange, Stats, Stream, TopicOptions,
  Unmatched,
} from "sockjax";

// connect: every way to say where, every option.
const api: Sockjax = connect("/ws");
connect(new URL("wss://example.com/ws"));
connect(() => "/ws", {});
connect(async () => new URL(`/ws?ticket=${await Promise.resolve(1)}`, location.href));
const all: Required<Options> = {
  protocol: "plain",
  preset: "seed",
  heartbeat: { after: 25_000, timeout: 0 },
  reconnect: { min: 500, max: 20_000, attempts: Infinity },
  timeout: 0,
  token: async () => "secret",
  queue: { calls: 1, bytes: 1 },
  outbox: { calls: 1, bytes: 1, name: "ann" },
  host: "shared",
  name: "ann",
  wasmURL: new URL("https://example.com/sockjax.wasm"),
  workerURL: "/sockjax-worker.js",
};
connect("/ws", all);
connect("/ws", { protocol: "sockjax.1", heartbeat: { after: 1 }, reconnect: {}, queue: {}, wasmURL: "/x.wasm" });

// send: without a callback, with one, with types for the reply.
interface Time {
  now: string;
}
const controller = new AbortController();
const options: Required<CallOptions> = { timeout: 1000, signal: controller.signal, idempotent: true, durable: true, body: "text", onprogress: ({ loaded, total }: Progress) => console.log(loaded / (total ?? 1)) };
const key: Key = api.send({ api: "time" });
api.send(null, null);
api.send([1, "two", { three: [] }], undefined, { signal: null });
api.send<Time>({ api: "time" }, (reply, error) => {
  const failure: SockjaxError | null = error;
  const now: string | undefined = reply?.now;
  console.log(failure, now, key);
}, options);
api.send<Time>({ api: "time" }, (reply, error) => {
  if (error) return console.error(error.code);
  console.log(reply.now, error satisfies null);
});
api.send<Time>({ api: "time" }, (reply, error) => {
  if (error === null) console.log(reply.now);
  else console.log(error.fate, reply satisfies undefined);
});
api.send<Time>({ api: "time" }, function (reply, error) {
  console.log(error ? error.message : reply.now.length);
});
api.send<Time | undefined>({}, (reply, error) => console.log(error ?? reply?.now));
const old: (reply: Time | undefined, error: SockjaxError | null) => void = (reply) => console.log(reply);
api.send<Time>({}, old);
api.send<Time>({}, async (reply, error) => {
  if (!error) await fetch(reply.now);
});
function wrapped<Reply>(data: Data, callback: Callback<Reply>): Key {
  return api.send(data, callback);
}
wrapped<Time>({}, (reply, error) => error ?? reply.now);
wrapped<Time>({}, (reply) => console.log(reply?.now));
wrapped({}, () => {});
const callback: Callback<number> = (reply) => console.log(reply?.toFixed());
api.send(1, callback);
api.send("a caller who wants only the reply", (reply) => console.log(reply.any.thing));

// request: awaits a reply of a type, or throws.
async function calls(data: Data): Promise<Json> {
  try {
    const { now } = await api.request<Time>(data, { timeout: 1, idempotent: false });
    return { now, more: [null, true, 1] };
  } catch (error) {
    if (!(error instanceof SockjaxError)) throw error;
    const fate: Fate = error.fate;
    const name: "SockjaxError" = error.name;
    return [what(error.code), fate, name, error.message, error.reason ?? "", error.data];
  }
}

// Each code is there, and no other: the function would lack a return.
function what(code: ErrorCode): string {
  switch (code) {
    case "timeout": case "aborted": case "closed": case "overloaded":
    case "lost": case "rejected": case "invalid": case "crashed": case "storage":
      return code;
  }
}

function where(state: State): number {
  switch (state) {
    case "connecting": return 0;
    case "open": return 1;
    case "waiting": return 2;
    case "closed": return 3;
  }
}

function became(fate: Fate): boolean {
  switch (fate) {
    case "unsent": return false;
    case "unknown": return true;
    case "executed": return true;
  }
}

// Events.
api.addEventListener("statechange", function ({ detail }) {
  const change: StateChange = detail;
  const { state, previous, attempt, delay, closeCode, cause, reason } = change;
  const why: Cause | "" = cause;
  console.log(this.state, where(state), where(previous), attempt + delay + closeCode, why === "gave-up", reason.length);
}, { once: true });
api.addEventListener("error", ({ detail }: SockjaxEventMap["error"]) => console.log(detail.message));
const unmatched = ({ detail }: CustomEvent<Unmatched>) => console.log(detail.key, detail.message);
api.addEventListener("unmatched", unmatched);
api.removeEventListener("unmatched", unmatched);
api.addEventListener("outbox", ({ detail }) => {
  const { key, data, reply, error }: Recovered<Time> = detail;
  console.log(key, data.any.thing, reply?.now, error?.code);
  if (error) return console.log(error.fate);
  console.log(reply.now, detail.reply);
});
api.addEventListener("of the page's own", (event) => console.log(event.type));
api.dispatchEvent(new Event("of the page's own"));

// Streams and bodies.
async function streams(): Promise<void> {
  const stream: Stream<Time, { n: number }> = api.stream<Time, { n: number }>({ api: "ticks" }, { timeout: 1000 });
  for await (const { now } of stream) if (now.length > 9) break;
  const { n } = await stream.reply;
  const { next, return: leave, throw: fail } = api.stream<Uint8Array>({ api: "download" });
  const { value, done } = await next();
  if (!done) console.log(value.byteLength, n);
  const left: IteratorResult<Uint8Array, number | undefined> = await leave(7);
  await fail(new Error("enough"));
  console.log(left.value, (await api.stream("untyped").next()).value.any.thing);
  const bodies: Body[] = ["text", new ArrayBuffer(1), new Uint8Array(1), new DataView(new ArrayBuffer(1)), new Blob([]), new File([], "name"), new Blob([]).stream()];
  bodies.push([{ a: 1 }, "b"], new Set([1]), (async function* () { yield new Uint8Array(1); })());
  const withBody: BodyOptions = { body: null, onprogress: null };
  for (const body of bodies) await api.request<Time>({ api: "upload" }, { ...withBody, body });
  const bytes = await api.request<ArrayBuffer>(new Uint8Array(3));
  console.log(bytes.byteLength);
}

// Topics.
let last: Position = { epoch: "e", offset: 41 };
const missing = (gap: Gap) => (gap.epoch === undefined ? console.log(gap.from.toFixed(), gap.to.toFixed()) : console.log(gap.epoch.length));
const topic: Required<TopicOptions> = { since: last, gap: missing, refused: ({ code, reason }) => console.log(code, reason), signal: AbortSignal.timeout(1) };
const off: () => void = api.on<Time>("news", ({ now }, seen) => {
  const { topic, epoch, offset }: Seen = seen;
  last = seen;
  console.log(now, topic, epoch, offset);
}, topic);
api.on("news", (data) => console.log(data.any.thing), { since: {} });
api.on("news", off);

// The rest.
async function rest(): Promise<void> {
  await api.ready;
  console.log(where(api.state), version.length);
  const stats: Stats = api.stats();
  const { host, ...figures } = stats;
  const numbers: Record<Exclude<keyof Stats, "host">, number> = figures;
  console.log(host satisfies "page" | "worker" | "shared");
  const {
    pending, queued, queuedBytes, inDoubt, unacked, calls: made, replies, failures, framesOut, framesIn, unitsOut, unitsIn,
    opened, unmatched: strangers, garbage, crashes, slots, slotCapacity, funcs,
  } = numbers;
  console.log(
    pending, queued, queuedBytes, inDoubt, unacked, made, replies, failures, framesOut, framesIn, unitsOut, unitsIn,
    opened, strangers, garbage, crashes, slots, slotCapacity, funcs,
  );
  api.reconnect();
  await api.drain();
  await api.close();
}

// The methods on their own.
const { on: follow, send, request, stream, reconnect, drain, close, stats: count, addEventListener, removeEventListener } = api;
const passed: [() => void, () => Promise<void>, () => Promise<void>, () => Stats] = [reconnect, drain, close, count];
const replies: Promise<Time>[] = [{ api: "time" }].map((data) => request<Time>(data));
send("x", (reply) => console.log(reply.now));
addEventListener("statechange", ({ detail }) => console.log(detail.state));
removeEventListener("unmatched", unmatched);
Promise.resolve({ api: "time" }).then(request);

// Wrappers and tests make errors of their own.
const error: Error = new SockjaxError("rejected", "executed", "no", { reason: "full", data: { left: 0 }, cause: 1 });
new SockjaxError("timeout", "unknown", "late");

for (const of of [stream<number>("x")]) of.reply.then(console.log);
follow("news", (data: string) => console.log(data.length));

export { became, calls, error, passed, replies, rest, streams };
