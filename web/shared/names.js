import { SCRATCH } from "./abi.js";

/** Whether a name of plain mode can cross to Go: it may take 3 bytes a character. */
export function fitsScratch(name) {
  return name.length * 3 <= SCRATCH;
}
