// What the peers' Node.js servers share: serve/serve.go and child.go say the same in Go.
import { createInterface } from "node:readline";

/** The largest message in bytes that each server is told to take. */
export const MAX_MESSAGE = 4 << 20;

/**
 * Listens on a free port of loopback, says the address on standard output, and
 * answers each line "memory" with the resident bytes. Ends with standard input.
 */
export function serve(server) {
  server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => {
    globalThis.gc();
    globalThis.gc();
    console.log(process.memoryUsage().rss);
  });
  lines.on("close", () => process.exit());
}

/** A part of 100 bytes of JSON. */
export function tick(i) {
  return { i, pad: "x".repeat(100 - `{"i":${i},"pad":""}`.length) };
}
