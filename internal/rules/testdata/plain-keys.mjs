// Makes plain mode's frames of the data that its standard input holds, as a JSON
// array of texts, and prints for each: { name, text }, or { problem }.
import fs from "node:fs";
import { plain } from "../../../web/api/payload.js";

const made = JSON.parse(fs.readFileSync(0, "utf8")).map((text) => {
  const data = JSON.parse(text);
  const json = JSON.stringify(data);
  const { name, text: frame, problem } = plain.length > 1 ? plain(data, json) : plain(json);
  if (problem) return { problem };
  // A page's texts are canonical, unless a member stands there twice.
  if (JSON.stringify(JSON.parse(frame)) !== frame) return { problem: `${frame} has a member twice` };
  return { name, text: frame };
});
console.log(JSON.stringify(made));
