// Why a state has changed: a code for each, and an error event for each way to
// be closed but close().
const { equal, event, state, until } = T;
const fast = { reconnect: { min: 1, max: 1 } };
const never = { reconnect: { attempts: 0 } };
const restored = (type) => dispatchEvent(new PageTransitionEvent(type, { persisted: true }));

/** Notes each change as "state cause", and each error event. */
const watched = (...args) => {
  const api = T.connect(...args);
  api.addEventListener("statechange", ({ detail }) => T.note(`${detail.state} ${detail.cause}`.trim()));
  api.addEventListener("error", () => T.note("error"));
  return api;
};
const noted = (...entries) => until(() => T.log.length >= entries.length).then(() => equal(T.log.slice(0, entries.length), entries));

const cases = {
  "close": async (server) => {
    const api = watched(server.ws);
    await T.engine(api);
    await api.close();
    await noted("open", "closed close");
    await T.wait(20);
    equal(T.log.length, 2, "no error event");
  },

  "refused": async (server) => {
    await T.engine(watched(server.ws));
    await server.close(4403, "close() was called"); // whatever a server says
    await noted("open", "error", "closed refused");
  },

  "gave-up": async (server) => {
    await T.engine(watched(server.ws, never));
    await server.fin();
    await noted("open", "error", "closed gave-up");
  },

  "network": async (server) => {
    await T.engine(watched(server.ws, fast));
    await server.fin();
    await noted("open", "waiting network", "connecting", "open");
  },

  "server": async (server) => {
    await T.engine(watched(server.ws, fast));
    await server.close(1011, "restart");
    await noted("open", "waiting server", "connecting", "open");
  },

  "timeout": async (server) => {
    await server.set({ welcome: "none" });
    watched(server.ws, fast);
    await server.until((seen) => seen.hellos.length === 1);
    await server.set({ welcome: "" });
    await until(() => T.there(({ instances }) => instances.length > 0));
    await T.advance(10_001);
    dispatchEvent(new Event("online")); // timers do not know that the clock was moved
    await noted("waiting timeout", "connecting", "open");
  },

  "function: the URL": async (server) => {
    const answers = [() => { throw new Error("no"); }, () => "mailto:x", () => server.ws];
    watched(() => answers.shift()(), fast);
    await noted("waiting function", "connecting", "waiting function", "connecting", "open");
  },

  "function: the token, even if it throws nothing that can be read": async (server) => {
    const answers = [() => { throw ""; }, () => { throw ""; }, () => Promise.reject(), () => "", () => "good"];
    watched(server.ws, { ...fast, token: () => answers.shift()() });
    await state(T.clients[0], "open");
    equal(T.log.filter((entry) => entry === "waiting function").length, 4);
    const { hellos } = await server.seen();
    equal(hellos.map(({ token }) => token), ["good"], "nothing was sent without a token");
  },

  "paused": async (server) => {
    await T.engine(watched(server.ws, fast));
    restored("pagehide");
    await noted("open", "waiting paused");
    restored("pageshow");
    await noted("open", "waiting paused", "connecting", "open");
  },

  "crashed": async (server) => {
    await T.engine(watched(server.ws, fast));
    await T.there(({ instances }) => instances.at(-1).exports.received(4_000_000)); // no client has this number: a panic
    await noted("open", "connecting crashed", "open");
  },
};

for (const [name, run] of Object.entries(cases)) {
  T.cases[name] = async (server) => {
    await T.advance(60_000); // the last crash is long ago
    return run(server);
  };
}
