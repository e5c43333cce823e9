// Downloads and uploads by fetch.
import { connect as call } from "./client.js";

export async function connect(url) {
  const { origin } = new URL(url);
  return Object.assign(await call(url), {
    async download(bytes, seen) {
      const reader = (await fetch(`${origin}/download?bytes=${bytes}`, { cache: "no-store" })).body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) seen(part.value.byteLength);
    },
    async upload(blob) {
      const { bytes } = await (await fetch(`${origin}/upload`, { method: "POST", body: blob })).json();
      return bytes;
    },
  });
}
