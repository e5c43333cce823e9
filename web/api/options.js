/**
 * Defaults: the same numbers as in ../../internal/engine/options.go, which is what a Go
 * program gets; a test compares the two, and sockjax.d.ts with them.
 */
export const defaults = {
  protocol: "sockjax.1",
  heartbeat: { after: 25_000, timeout: 10_000 },
  reconnect: { min: 500, max: 20_000, attempts: Infinity },
  timeout: 10_000,
  queue: { calls: 10_000, bytes: 16 * 1024 * 1024 },
  outbox: { calls: 1_000, bytes: 16 * 1024 * 1024 },
};

const presets = {
  seed: {
    protocol: "plain",
    heartbeat: { after: 45_000, timeout: 0 },
    reconnect: { min: 2_000, max: 2_000, attempts: 10 },
    timeout: 0,
  },
};

const known = [...Object.keys(defaults), "preset", "token", "wasmURL"];

/** Fills in defaults and presets. A wrong option is the page's mistake: TypeError. */
export function complete(options = {}) {
  if (options === null || typeof options !== "object") {
    throw new TypeError("sockjax: options must be an object");
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`sockjax: there is no option "${name}"; there are ${known.join(", ")}`);
    }
  }
  if (options.preset !== undefined && !Object.hasOwn(presets, options.preset)) {
    throw new TypeError(`sockjax: there is no preset "${options.preset}"; there is "seed"`);
  }
  const base = { ...defaults, ...presets[options.preset] };
  const all = {};
  for (const [name, value] of Object.entries(base)) {
    const given = options[name];
    all[name] = typeof value === "object" ? group(name, value, given) : (given ?? value);
  }
  all.queue.bytesBound = options.queue?.calls === undefined; // see Queue in ../../internal/engine/options.go
  all.outbox.name = outboxName(options.outbox?.name);
  if (all.protocol !== "sockjax.1" && all.protocol !== "plain") {
    throw new TypeError(`sockjax: protocol must be "sockjax.1" or "plain", not ${String(all.protocol)}`);
  }
  duration("timeout", all.timeout);
  all.token = options.token;
  if (all.token !== undefined && typeof all.token !== "string" && typeof all.token !== "function") {
    throw new TypeError("sockjax: token must be a string, or a function that returns one");
  }
  if (all.token !== undefined && all.protocol === "plain") {
    throw new TypeError("sockjax: plain mode has no token");
  }
  return all;
}

function group(name, base, given = {}) {
  if (given === null || typeof given !== "object") {
    throw new TypeError(`sockjax: ${name} must be an object`);
  }
  const parts = name === "outbox" ? [...Object.keys(base), "name"] : Object.keys(base);
  for (const part of Object.keys(given)) {
    if (!parts.includes(part)) throw new TypeError(`sockjax: ${name} has no "${part}"; it has ${parts.join(", ")}`);
  }
  const all = {};
  for (const part of Object.keys(base)) {
    all[part] = given[part] ?? base[part];
    duration(`${name}.${part}`, all[part]);
  }
  return all;
}

function outboxName(name) {
  if (name === undefined || (typeof name === "string" && name !== "")) return name;
  throw new TypeError(`sockjax: outbox.name must be a string that is not empty, not ${String(name)}`);
}

/** Checks a number of milliseconds, calls or bytes. */
export function duration(name, value) {
  if (typeof value !== "number" || !(value >= 0)) {
    throw new TypeError(`sockjax: ${name} must be a number, 0 or more, not ${String(value)}`);
  }
}
