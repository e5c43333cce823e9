// Compares the numbers that the script writes for Go with those that Go reads:
// one that is missing would be read as NaN, and nothing would say so.
import assert from "node:assert/strict";
import { complete } from "../../../../web/api/options.js";
import { Bootstrap } from "../../../../web/host/bootstrap.js";
import { forGo } from "../../../../web/host/go-options.js";
import { readWelcome } from "../../../../web/host/messages.js";
import { OPTIONS, STATS, WELCOME } from "../../../../web/shared/abi.js";

const bootstrap = new Bootstrap(null, null, [], {}, false);
const { socket, cause, reason, ...numbers } = bootstrap.handover();
assert.deepEqual([socket, cause, reason], [null, "", ""]);
const structures = [
  [OPTIONS, { ...forGo(complete()), ...numbers }],
  [WELCOME, readWelcome({}, "")],
  [STATS, bootstrap.stats()], // which a page takes for those of an engine
];
for (const [names, values] of structures) {
  assert.deepEqual(Object.keys(values).sort(), [...names].sort());
  for (const name of names) assert(Number.isFinite(Number(values[name])), name);
}
