/**
 * Reads the messages of a server that are not replies. PROTOCOL.md says what
 * may stand in them; its twin in Go is ../../protocol/body.go, and
 * ../../test/vectors holds the two together.
 */

/** The members of one body, each with a 0, "" or false where it is missing or null. */
class Body {
  /** A member of a wrong type breaks the whole message. */
  ok;
  #members;

  constructor(members) {
    this.ok = isObject(members);
    this.#members = this.ok ? members : {};
  }

  string(name) {
    return this.#get(name, "", (value) => typeof value === "string");
  }

  bool(name, missing) {
    return this.#get(name, missing, (value) => typeof value === "boolean");
  }

  /** Outcomes: one out of range would count others. */
  count(name) {
    return this.#get(name, 0, (value) => Number.isSafeInteger(value) && value >= 0);
  }

  /** Milliseconds, bytes or calls, cut to what can be reckoned with. */
  amount(name) {
    const value = this.#get(name, 0, (value) => Number.isInteger(value) || Math.abs(value) === Infinity);
    return Math.min(Math.max(value, 0), Number.MAX_SAFE_INTEGER);
  }

  body(name) {
    return new Body(this.#get(name, {}, isObject));
  }

  /** Notes what a body within this one has found. */
  and(body) {
    this.ok &&= body.ok;
    return this.ok;
  }

  #get(name, missing, fits) {
    const value = this.#members[name] ?? null;
    if (value === null) return missing;
    if (fits(value)) return value;
    this.ok = false;
    return missing;
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a welcome says, or null if it breaks the protocol. mine is the session's id. */
export function readWelcome(members, mine) {
  const body = new Body(members);
  const limits = body.body("limits");
  const session = body.string("session");
  const welcome = {
    ours: session === "" || session === mine,
    resumed: body.bool("resumed", false),
    acked: body.count("acked"),
    heartbeat: body.amount("heartbeat"),
    expires: body.amount("expires"),
    jitter: body.amount("jitter"),
    frame: limits.amount("frame"),
    requests: limits.amount("requests"),
    message: limits.amount("message"),
    window: limits.amount("window"),
  };
  return body.and(limits) ? welcome : null;
}

/** Where a topic's messages begin, or null. */
export function readOn(members) {
  const body = new Body(members);
  const since = body.body("since");
  const said = { topic: body.string("on"), position: { epoch: since.string("epoch"), offset: since.count("offset") } };
  return body.and(since) ? said : null;
}

/** That a topic does not come, or no more, and why; or null. */
export function readOff(members) {
  const body = new Body(members);
  const why = body.body("why");
  const said = { topic: body.string("off"), code: why.string("code"), message: why.string("message") };
  return body.and(why) ? said : null;
}

/** A message of a topic or, if data is undefined, a gap; or null. */
export function readPublished(members) {
  const body = new Body(members);
  const gap = body.body("gap");
  const said = {
    topic: body.string("topic"),
    offset: body.count("offset"),
    data: members.data,
    gap: { from: gap.count("from"), to: gap.count("to"), epoch: gap.string("epoch") },
  };
  return body.and(gap) ? said : null;
}

/** For how many milliseconds a token is good that the server has taken, 0 for ever; or null. */
export function readAuthorized(members) {
  const body = new Body(members);
  const expires = body.amount("expires");
  return body.ok ? expires : null;
}

/** What an error or a refusal says, or null. */
export function readError(members) {
  const body = new Body(members);
  const error = {
    code: body.string("code"),
    message: body.string("message"),
    data: body.ok ? members.data : undefined,
    after: body.amount("after"),
    executed: body.bool("executed", true),
  };
  return body.ok ? error : null;
}
