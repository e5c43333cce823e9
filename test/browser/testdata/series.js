// Calls of one turn, and their replies, share series: see PROTOCOL.md.
const { cb, equal, ok, until, outcome, logged } = T;

/** Calls that the server holds, made in one turn, with the last batch that it got. */
async function held(server, n) {
  const api = T.connect(server.ws);
  await T.engine(api);
  await api.request(0); // what was to be acknowledged has been, or waits for its second
  const before = (await server.seen()).requests.length;
  const keys = Array.from({ length: n }, (_, i) => api.send({ do: "hold", i }, cb(i)));
  await server.until((seen) => seen.requests.length === before + n);
  return { api, keys, batch: (await server.seen()).batch };
}

/** A batch without the ack that it may begin with. */
const withoutAck = (batch) => batch.replace(/^\[\{"ack":\d+\},/, "[");
const hold = (i) => `{"do":"hold","i":${i}}`;

Object.assign(T.cases, {
  "the calls of a turn are a series": async (server) => {
    const { api, keys, batch } = await held(server, 3);
    equal(withoutAck(batch), `[[${keys[0]},${hold(0)},${hold(1)},${hold(2)}]]`);
    equal(keys, [keys[0], keys[0] + 1, keys[0] + 2]);
    await server.push(`[[${keys[0]},"a",["b"],null]]`);
    await logged(3);
    equal(T.log, ['0: "a"', '1: ["b"]', "2: null"]);
    equal([api.stats().slots, api.stats().garbage, api.stats().unmatched], [0, 0, 0]);
  },

  "a lone call is none, and a gap ends one": async (server) => {
    const { api, keys, batch } = await held(server, 1);
    equal(withoutAck(batch), `[{"key":${keys[0]},"data":${hold(0)}}]`);
    const before = (await server.seen()).requests.length;
    const gone = new AbortController();
    const calls = [1, 2, 3, 4, 5, 6].map((n) => outcome(api.request({ do: "hold", n }, n === 3 ? { signal: gone.signal } : {})));
    gone.abort();
    equal(await calls[2], "aborted/unsent");
    await server.until((seen) => seen.requests.length === before + 5);
    const data = (n) => `{"do":"hold","n":${n}}`;
    const first = keys[0] + 1;
    equal(withoutAck((await server.seen()).batch), `[[${first},${data(1)},${data(2)}],[${first + 3},${data(4)},${data(5)},${data(6)}]]`);
    await server.push(`[[${first},1,2,"late",4],{"key":${first + 5},"error":{"code":"c","message":"m"}},[${first + 4},5],[${keys[0]},0]]`);
    equal(await Promise.all(calls), ["1", "2", "aborted/unsent", "4", "5", "rejected/executed"]);
    equal([api.stats().slots, api.stats().unmatched], [0, 1]);
  },

  "a cancel stands in front of one": async (server) => {
    const { api, keys } = await held(server, 1);
    const before = (await server.seen()).requests.length;
    const gone = new AbortController();
    const first = outcome(api.request({ do: "hold" }, { signal: gone.signal }));
    await server.until((seen) => seen.requests.length === before + 1);
    gone.abort();
    api.send(1, cb("a"));
    api.send(2, cb("b"));
    equal(await first, "aborted/unknown");
    await logged(2);
    const k = keys[0];
    equal(withoutAck((await server.seen()).batch), `[{"cancel":${k + 1}},[${k + 2},1,2]]`);
    equal(T.log, ["a: 1", "b: 2"]);
  },

  "what nobody waits for in one is unmatched": async (server) => {
    const { api, keys } = await held(server, 2);
    const told = [];
    api.addEventListener("unmatched", ({ detail }) => told.push(detail));
    await server.push(`[[${keys[1]},"b","c"],[${keys[0]},"a","again"]]`);
    await logged(2);
    await until(() => told.length === 2);
    equal(T.log, ['1: "b"', '0: "a"']);
    equal(told, [{ key: keys[1] + 1, message: { key: keys[1] + 1, data: "c" } }, { key: keys[1], message: { key: keys[1], data: "again" } }]);
  },

  "callbacks of one that throw, abort others and close": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const before = (await server.seen()).requests.length;
    const gone = new AbortController();
    const key = api.send({ do: "hold" }, () => { throw new Error("mine"); });
    api.send({ do: "hold" }, cb("b", () => (gone.abort(), "b")));
    api.send({ do: "hold" }, cb("c"), { signal: gone.signal });
    api.send({ do: "hold" }, cb("d", () => (void api.close(), "d")));
    api.send({ do: "hold" }, cb("e"));
    await server.until((seen) => seen.requests.length === before + 5);
    await server.push(`[[${key},1,2,3,4,5]]`);
    await logged(4);
    equal([...T.log].sort(), ["b: b", "c: aborted/unknown", "d: d", "e: closed/unknown"]);
    ok(api.stats().slots === 0, "all slots are free");
    return { uncaught: ["Error: mine"] };
  },
});
