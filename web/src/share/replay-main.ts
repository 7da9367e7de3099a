/** The page of replays: one recording with its timeline, source and output, and the time machine to go through it. */

import "../style.css";
import "./replay.css";
import { instant } from "../format.ts";
import { Recording } from "../recording.ts";
import { find, viewerOf } from "../viewer.ts";
import { Workbench } from "../workbench.ts";
import { readReplay } from "./replay-file.ts";
import { SourceList } from "./source-list.ts";

const workbench = new Workbench({
    compile: () => Promise.reject(new Error("A recording cannot be compiled.")),
    interrupt() {},
    explain: (ending) => ending,
});
const { panels } = viewerOf(workbench);
panels.show("state");
const source = new SourceList(find("source"), workbench);

const kept = await readReplay(find("recording").textContent ?? "");
if (kept !== undefined) {
    const recording = new Recording(kept.subject);
    recording.add(kept.records, 0);
    recording.close(kept.end);
    workbench.replace(kept.subject);
    source.show(kept.subject);
    document.title = `${kept.subject.file} · weft`;
    find("source-heading").textContent = kept.subject.file;
    find("status").textContent = `${kept.subject.file}: ${instant(recording.end)} of ${kept.subject.clock} time, ${recording.steps.toLocaleString("en")} steps.`;
    workbench.open(recording);
}
