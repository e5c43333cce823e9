// A wasm whose export `block` waits for ever.
const { cb, equal, logged, ok, outcome } = T;

T.cases["an export that blocks ends its instance, and nothing else"] = async (server) => {
  const api = T.connect(server.ws, { wasmURL: "/block.wasm", reconnect: { min: 1, max: 20 } });
  await T.engine(api);
  api.send({ do: "silent" }, cb("sent"), { timeout: 0 });
  await server.until((seen) => seen.requests.length === 1);
  T.there(({ instances }) => instances.at(-1).exports.block());
  api.send({ n: 1 }, cb("same turn"), { timeout: 0 });
  await logged(2);
  const [call, sent] = T.log.splice(0).sort();
  equal(sent, "sent: crashed/unknown");
  // A worker hears of the call in a turn of its own.
  ok(call === "same turn: crashed/unknown" || (T.host !== "page" && call === 'same turn: {"n":1}'), call);
  for (let n = 2; n < 100; n++) equal(await outcome(api.request({ n })), `{"n":${n}}`);
  equal([api.stats().crashes, await T.there(({ instances }) => instances.length)], [1, 2]);
};
