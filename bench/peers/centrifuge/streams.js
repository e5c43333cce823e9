// A stream as centrifuge has it: publications to a channel of the page's own.
import { opened, rpc } from "./client.js";

export async function connect(url) {
  const centrifuge = await opened(url);
  let last = 0;
  return Object.assign((data, callback) => rpc(centrifuge, data, callback), {
    async parts(n, seen) {
      const channel = `stream-${++last}`;
      const subscription = centrifuge.newSubscription(channel);
      let left = n;
      await new Promise((done, fail) => {
        subscription.on("publication", ({ data }) => {
          seen(data);
          if (--left === 0) done();
        });
        subscription.on("subscribed", () => centrifuge.rpc("ticks", { channel, n }).catch(fail));
        subscription.subscribe();
      });
      subscription.unsubscribe();
      centrifuge.removeSubscription(subscription);
    },
  });
}
