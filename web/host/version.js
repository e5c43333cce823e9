import { ABI, ABI_EXPORT } from "../shared/abi.js";

/**
 * Returns the module if it belongs to this script, and says which of the two is
 * old if not. The module is not started for that: an import that it wants and
 * this script does not have would be an error of the browser's.
 */
export function belonging(module, url) {
  const named = new RegExp(`^${ABI_EXPORT}(\\d+)$`);
  const found = WebAssembly.Module.exports(module).map(({ name }) => Number(named.exec(name)?.[1] ?? 0));
  const version = Math.max(0, ...found); // 0: from before there were versions
  if (version === ABI) return module;
  const script = "sockjax.js (or the bundle it is in)";
  const [old, recent] = version < ABI ? [url, script] : [script, url];
  throw new Error(`sockjax: ${old} is older than ${recent}: serve both from one build, and have no cache keep the old one`);
}
