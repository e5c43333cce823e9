// As client.js, with centrifuge's batching around the requests of a task. The
// end of a microtask is too early: the library delivers the replies of a frame
// in many, so that the next requests would leave in twos and threes.
import { opened, rpc } from "./client.js";

export async function connect(url) {
  const centrifuge = await opened(url);
  const { port1, port2 } = new MessageChannel(); // a task without a timer's delay
  let batching = false;
  port1.onmessage = () => {
    batching = false;
    centrifuge.stopBatching();
  };
  return (data, callback) => {
    if (!batching) {
      batching = true;
      centrifuge.startBatching();
      port2.postMessage(0);
    }
    rpc(centrifuge, data, callback);
  };
}
