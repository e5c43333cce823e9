// Prints what JavaScript sees of the modules that its arguments name, for
// web_test.go: the built ES module and classic script, and bundles of
// web/api/options.js and web/host/bridge.js.
import fs from "node:fs";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { FakeBridge } from "../../jsexec/browser.mjs";

const [module, script, optionsFile, bridgeFile] = process.argv.slice(2);
const sockjax = await import(pathToFileURL(module));
const { defaults } = await import(pathToFileURL(optionsFile));
const { Bridge } = await import(pathToFileURL(bridgeFile));

const page = { document: {}, location: { href: "https://example.com/" }, URL, EventTarget, TextDecoder, TextEncoder, setTimeout };
vm.runInNewContext(fs.readFileSync(script, "utf8"), page);

const methods = (Class) => Object.getOwnPropertyNames(Class.prototype).filter((name) => name !== "constructor");

console.log(JSON.stringify({
  module: Object.keys(sockjax),
  script: Object.keys(page.sockjax),
  sockjax: methods(sockjax.Sockjax),
  inherited: Object.getOwnPropertyNames(EventTarget.prototype),
  error: Object.getOwnPropertyNames(new sockjax.SockjaxError("closed", "unsent", "", { reason: "", data: 0 })),
  bridge: methods(Bridge),
  fake: methods(FakeBridge),
  defaults: flat(defaults),
}));

/** { a: { b: 1 } } as { "a.b": "1" } */
function flat(object, prefix = "") {
  return Object.entries(object).reduce(
    (all, [name, value]) => Object.assign(all, typeof value === "object" ? flat(value, `${prefix}${name}.`) : { [prefix + name]: String(value) }),
    {},
  );
}
