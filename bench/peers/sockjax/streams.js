// Streams and bodies by the package's public API.
import { connect as open } from "/sockjax.js";

export async function connect(url) {
  const api = open(url);
  await api.ready;
  while (api.stats().funcs === 0) await new Promise((resolve) => setTimeout(resolve, 10)); // streams need Go, whose start is measured elsewhere
  return Object.assign((data, callback) => api.send(data, callback), {
    async parts(n, seen) {
      for await (const part of api.stream({ api: "ticks", n })) seen(part);
    },
    async download(bytes, seen) {
      for await (const part of api.stream({ api: "download", bytes })) seen(part.byteLength);
    },
    async upload(blob) {
      const { bytes } = await api.request({ api: "upload" }, { body: blob });
      return bytes;
    },
  });
}
