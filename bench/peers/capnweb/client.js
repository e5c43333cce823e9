// Cap'n Web over its WebSocket transport: a method call for each request.
import { newWebSocketRpcSession } from "capnweb";

export async function connect(url) {
  const api = newWebSocketRpcSession(url); // calls wait until it is open
  return (data, callback) => {
    api.echo(data).then((reply) => callback(reply, null), (error) => callback(undefined, error));
  };
}
