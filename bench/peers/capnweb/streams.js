// A stream as Cap'n Web has it: a method that returns a ReadableStream, with its flow control.
import { newWebSocketRpcSession } from "capnweb";

export async function connect(url) {
  const api = newWebSocketRpcSession(url);
  const send = (data, callback) => {
    api.echo(data).then((reply) => callback(reply, null), (error) => callback(undefined, error));
  };
  return Object.assign(send, {
    async parts(n, seen) {
      const reader = (await api.ticks(n)).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) seen(part.value);
    },
  });
}
