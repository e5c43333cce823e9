// tRPC over its WebSocket link.
import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";

export function connect(url) {
  return new Promise((resolve) => {
    const socket = createWSClient({ url, onOpen: () => resolve(send) });
    const client = createTRPCClient({ links: [wsLink({ client: socket })] });
    const send = (data, callback) => {
      client.echo.query(data).then((reply) => callback(reply, null), (error) => callback(undefined, error));
    };
  });
}
