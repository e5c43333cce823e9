// Streams of a peer under load: its module's client has parts(n, seen), and
// download(bytes, seen) and upload(blob) if it can do that. load.js has opened it.

let blob = null;

/** Streams of `count` parts each, so many side by side, until the time is over. */
async function parts({ streams, count, ms }) {
  const start = performance.now();
  let replies = 0;
  do {
    await Promise.all(Array.from({ length: streams }, () => stream(count)));
    replies += streams * count;
  } while (performance.now() < start + ms);
  return { replies, ms: performance.now() - start };
}

async function stream(count) {
  let next = 0;
  await bench.client.parts(count, (part) => {
    if (part.i !== next) throw new Error(`part ${part.i} came in place of ${next}`);
    next++;
  });
  if (next !== count) throw new Error(`${next} parts came of ${count}`);
}

/** Resolves to the milliseconds that so many bytes took. */
async function download(bytes) {
  const start = performance.now();
  let got = 0;
  await bench.client.download(bytes, (size) => (got += size));
  if (got !== bytes) throw new Error(`${got} bytes came of ${bytes}`);
  return performance.now() - start;
}

async function upload(bytes) {
  if (blob?.size !== bytes) blob = new Blob([new Uint8Array(bytes).fill(7)]);
  const start = performance.now();
  const got = await bench.client.upload(blob);
  if (got !== bytes) throw new Error(`the server has ${got} bytes of ${bytes}`);
  return performance.now() - start;
}

/** Both, again and again, while small calls are timed: latencies as of bench.latency. */
async function beside({ bytes, ms }) {
  await Promise.all([download(bytes), upload(bytes)]); // the first ones find out how quick the line is
  let running = true;
  let rounds = 0;
  const again = async (transfer) => {
    while (running) {
      await transfer(bytes);
      rounds++;
    }
  };
  const transfers = Promise.all([again(download), again(upload)]);
  const result = await bench.latency({ others: 0, ms, size: 100 });
  running = false;
  await transfers;
  return { ...result, rounds };
}

Object.assign(bench, { parts, download, upload, beside });
