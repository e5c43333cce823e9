/**
 * Runs a GOOS=js test binary in node, for "go test -exec":
 *
 *     GOOS=js GOARCH=wasm go test -exec "node $PWD/internal/jsexec/jsexec.mjs" ./wasm
 *
 * It does what lib/wasm/go_js_wasm_exec of the Go distribution does, and gives
 * the binary two things more: the imports of ../../wasm/imports.go, and as
 * global object a scope of its own, as ../../web/host/runtime.js does, with a fake
 * browser in it. The same works for packages that need neither.
 */
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pinWhileAway } from "../../web/host/pin.js";
import { FakeBrowser } from "./browser.mjs";

const [binary, ...args] = process.argv.slice(2);
if (binary === undefined) {
  console.error("usage: node jsexec.mjs BINARY [ARGUMENT...]");
  process.exit(2);
}

const browser = new FakeBrowser();

/** The names of makeScope in ../../web/host/runtime.js; a test compares the two. */
const scope = {
  Object, Array, Uint8Array, Error, Date,
  crypto: globalThis.crypto ?? crypto.webcrypto, performance, console, TextEncoder, TextDecoder,
  get WebSocket() {
    return browser.WebSocket;
  },
};

// The rest is for the test binary: files, arguments, and the test's own view
// of the fake browser.
const extra = { fs, path, process, browser };
Object.defineProperties(scope, Object.getOwnPropertyDescriptors(extra));

const go = new (loadGo(scope))();
go.argv = [binary, ...args];
go.env = { TMPDIR: os.tmpdir(), ...process.env };
go.exit = process.exit;
go.importObject.sockjax = browser.imports;

process.on("exit", (code) => {
  // Node leaves when nothing can happen any more. If that surprises Go, it
  // is a deadlock: make Go say so, with the stacks.
  if (code === 0 && !go.exited) {
    go._pendingEvent = { id: 0 };
    go._resume();
  }
});

const { instance } = await WebAssembly.instantiate(fs.readFileSync(binary), go.importObject);
browser.exports = instance.exports;
browser.resume = () => go._resume();
const ended = go.run(instance); // has returned already, if it waits for something
if (instance.exports.pin !== undefined && !go.exited) pinWhileAway(go, instance.exports);
await ended;

/** Evaluates wasm_exec.js with scope in the place of the global object. */
function loadGo(scope) {
  const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
  const source = fs.readFileSync(path.join(root, "lib", "wasm", "wasm_exec.js"), "utf8");
  const clock = { now: () => performance.now() + browser.ahead };
  new Function("globalThis", "fs", "crypto", "performance", source)(scope, fs, scope.crypto, clock);
  return scope.Go;
}
