// What a page must not write: each expected error has to be one, or else the
// compiler complains.
import { connect, Sockjax, SockjaxError } from "sockjax";
import type { Recovered } from "sockjax";

const api = connect("/ws");

// @ts-expect-error: a client is made by connect
new Sockjax();
// @ts-expect-error: where to?
connect();
// @ts-expect-error: no URL
connect(8282);
// @ts-expect-error: there is no such option
connect("/ws", { retries: 3 });
// @ts-expect-error: there is no such part of an option
connect("/ws", { heartbeat: { interval: 1 } });
// @ts-expect-error: milliseconds are a number
connect("/ws", { timeout: "10s" });
// @ts-expect-error: there are two protocols
connect("/ws", { protocol: "sockjax.2" });
// @ts-expect-error: there is one preset
connect("/ws", { preset: "tree" });

// @ts-expect-error: data must be there, if only null
api.send();
// @ts-expect-error: options come third
api.send({}, { timeout: 1 });
// @ts-expect-error: milliseconds
api.send({}, null, { timeout: "1s" });
// @ts-expect-error: a signal, not its controller
api.send({}, null, { signal: new AbortController() });
// @ts-expect-error: there is no such option of a call
api.request({}, { retry: true });
// @ts-expect-error: the reply may be missing
api.send<{ now: string }>({}, (reply) => reply.now);
// @ts-expect-error: the error may be missing
api.send({}, (_, error) => error.code);
// @ts-expect-error: where there is an error there is no reply
api.send<{ now: string }>({}, (reply, error) => error && reply.now);
// @ts-expect-error: where there is a reply there is no error
api.send<{ now: string }>({}, (reply, error) => reply && error.code);
// @ts-expect-error: the reply of a call that was left behind may be missing too
api.addEventListener("outbox", ({ detail }: CustomEvent<Recovered<{ now: string }>>) => detail.reply.now);
// @ts-expect-error: request has no callback
api.request({}, () => {});
// @ts-expect-error: a Promise, not the reply
api.request<{ now: string }>({}).now;

// @ts-expect-error: only the client changes its state
api.state = "closed";
// @ts-expect-error: there is no such state
if (api.state === "online") api.reconnect();
// @ts-expect-error: ready is no function
await api.ready();
// @ts-expect-error: numbers that only the client counts
api.stats().calls++;
// @ts-expect-error: a state change has no code
api.addEventListener("statechange", ({ detail }) => detail.code);
// @ts-expect-error: there is no such code
new SockjaxError("refused", "unsent", "no");
// @ts-expect-error: there is no such fate
new SockjaxError("closed", "sent", "no");
// @ts-expect-error: what happened has happened
new SockjaxError("closed", "unsent", "no").fate = "executed";
