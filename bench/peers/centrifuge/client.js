// centrifuge's JSON protocol, an RPC for each request.
import { Centrifuge } from "centrifuge";

export async function connect(url) {
  const centrifuge = await opened(url);
  return (data, callback) => rpc(centrifuge, data, callback);
}

export async function opened(url) {
  const centrifuge = new Centrifuge(url, { timeout: 60_000 });
  centrifuge.connect();
  await centrifuge.ready(10_000);
  return centrifuge;
}

export function rpc(centrifuge, data, callback) {
  centrifuge.rpc("echo", data).then((result) => callback(result.data, null), (error) => callback(undefined, error));
}
