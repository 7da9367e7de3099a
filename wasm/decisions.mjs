// The file that WEFT_DECISIONS_OUT names, as native programs write it: a line "KIND CANDIDATES CHOSEN" for each choice.
import { appendFileSync, writeFileSync } from "node:fs";

const names = { 1: "timer-tie", 2: "external", 3: "ready" };
const recordSize = 32; // docs/events.md
const stringDef = 1;
const decision = 22;

/** Makes what onEvent calls: it picks the choices out of the log. */
export function decisionsTo(path) {
  writeFileSync(path, "");
  return (chunk) => {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let lines = "";
    for (let at = 0; at < chunk.byteLength; at += recordSize) {
      const [kind, subkind] = [view.getUint8(at + 24), view.getUint8(at + 25)];
      const payload = view.getUint32(at + 28, true);
      if (kind === stringDef) at += Math.ceil(payload / recordSize) * recordSize;
      else if (kind === decision && names[subkind]) lines += `${names[subkind]} ${view.getUint16(at + 26, true)} ${payload}\n`;
    }
    if (lines !== "") appendFileSync(path, lines);
  };
}
