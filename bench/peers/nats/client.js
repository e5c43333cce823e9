// nats-core's request and reply, with JSON as payload.
import { wsconnect } from "@nats-io/nats-core";

export async function connect(url) {
  const connection = await wsconnect({ servers: url });
  const options = { timeout: 60_000 };
  return (data, callback) => {
    connection.request("echo", JSON.stringify(data), options).then((m) => callback(m.json(), null), (error) => callback(undefined, error));
  };
}
