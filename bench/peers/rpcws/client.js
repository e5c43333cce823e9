// rpc-websockets: JSON-RPC 2.0.
import { Client } from "rpc-websockets";

export function connect(url) {
  return new Promise((resolve, reject) => {
    const client = new Client(url);
    client.on("error", reject);
    client.on("open", () => resolve((data, callback) => {
      client.call("echo", [data]).then((reply) => callback(reply, null), (error) => callback(undefined, error));
    }));
  });
}
