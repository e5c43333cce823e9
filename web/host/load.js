import { TRIES, delay } from "../shared/time.js";

/** WebAssembly's smallest module, and the beginning of each: "\0asm" and the version. */
const EMPTY = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Fetches and compiles the module. What it throws says what is wrong, and where. */
export async function load(url) {
  const failed = (why, cause) => new Error(`sockjax: failed to load wasm: ${why}`, { cause });
  const hindrance = whyNoWasm();
  if (hindrance !== null) throw failed(hindrance);
  for (let attempt = 1; ; attempt++) {
    let problem, cause;
    try {
      const response = await get(url);
      if (response.ok) return await compile(response);
      problem = answered(`status ${response.status}`, response);
    } catch (error) {
      cause = error;
      // Firefox has an InternalError for a part of a module: it is "out of memory".
      if (/^(Compile|Internal)Error$/.test(error.name)) throw failed(await whatCame(url, error), error);
      problem = unreachable(url, error);
    }
    if (attempt === TRIES) throw failed(problem, cause);
    await new Promise((resolve) => setTimeout(resolve, delay(attempt)));
  }
}

/** Node.js, in which a back end may be tested, fetches no files. Where it is asked for by import, bundlers for browsers complain. */
async function get(url) {
  const files = url.startsWith("file:") ? globalThis.process?.getBuiltinModule?.("node:fs/promises") : undefined;
  return files ? new Response(await files.readFile(new URL(url)), { headers: { "Content-Type": "application/wasm" } }) : fetch(url);
}

/** Streaming needs the right type, and lets a browser keep the compiled code; the slower way works as well. */
async function compile(response) {
  return type(response) === "application/wasm"
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

/** Why this page can run no wasm at all, or null. */
function whyNoWasm() {
  if (!globalThis.WebAssembly) return "this browser has no WebAssembly, or does not let this page have it";
  try {
    new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(EMPTY))); // WebKit forbids only this
    return null;
  } catch (error) {
    return `the page's Content-Security-Policy forbids WebAssembly: its script-src needs 'wasm-unsafe-eval' (${error.message})`;
  }
}

/** A browser does not tell a page why fetch fails. */
function unreachable(url, { message }) {
  const { origin } = new URL(url);
  const foreign = [origin, undefined].includes(globalThis.origin) ? "" : "; being of another origin than the page, it must be sent with the header Access-Control-Allow-Origin";
  return `${message}, from ${url}${foreign}`;
}

/** Says what the server sends in the module's place. It is asked once more, since nothing is left to look at of what was compiled as it came. */
async function whatCame(url, error) {
  try {
    const response = await fetch(url, { cache: "force-cache" });
    const what = describe(new Uint8Array(await response.arrayBuffer()), type(response));
    return what === null ? `${error.message}, from ${url}` : answered(what, response);
  } catch {
    return `${error.message}, from ${url}`;
  }
}

/** null for a module that is fine. */
function describe(bytes, type) {
  if (bytes.length === 0) return "an empty file";
  if (EMPTY.every((byte, i) => bytes[i] === byte)) return WebAssembly.validate(bytes) ? null : `a part of the wasm, ${bytes.length} bytes, or a damaged one`;
  const text = new TextDecoder().decode(bytes.subarray(0, 200)).trim();
  if (type.includes("html") || /^<(!doctype html|html|head|body|meta|title|script|!--)/i.test(text)) return "HTML";
  return `${/^[[{]/.test(text) ? "JSON" : "something else than wasm"}, beginning with ${JSON.stringify(text.slice(0, 40))},`;
}

function answered(what, { url, redirected }) {
  const remedy = url.includes("/.vite/deps/")
    ? `Vite before version 8 leaves the file behind there, unless its configuration says optimizeDeps: { exclude: ["sockjax"] }`
    : "if the file is elsewhere, the option wasmURL must say so";
  return `the server answered with ${what} at ${url}${redirected ? ", to which it was redirected" : ""}; ${remedy}`;
}

function type(response) {
  return response.headers.get("Content-Type") ?? "";
}
