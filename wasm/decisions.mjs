// The file that WEFT_DECISIONS_OUT names, as native programs write it: a line "KIND CANDIDATES CHOSEN" for each choice.
import { appendFileSync, writeFileSync } from "node:fs";
import { decisionsIn } from "./simulation.mjs";

/** Makes what onEvent calls: it picks the choices out of the log. */
export function decisionsTo(path) {
  writeFileSync(path, "");
  return (chunk) => {
    const lines = Array.from(decisionsIn(chunk), ({ kind, candidates, chosen }) => `${kind} ${candidates} ${chosen}\n`);
    if (lines.length > 0) appendFileSync(path, lines.join(""));
  };
}
