/** The page of replays: one recording with its timeline, source and output, and the time machine to go through it. */

import "../style.css";
import "./replay.css";
import { ConsoleFeed } from "../console-feed.ts";
import { Console } from "../console.ts";
import { keepFocus } from "../focus.ts";
import { instant } from "../format.ts";
import { statePanel } from "../history/state-panel.ts";
import { whyPanel } from "../history/why-panel.ts";
import { Panels } from "../panels.ts";
import { Recording } from "../recording.ts";
import { Timeline } from "../timeline.ts";
import { Breakpoints } from "../transport/breakpoints.ts";
import { Transport } from "../transport/transport.ts";
import { Workbench } from "../workbench.ts";
import { readReplay } from "./replay-file.ts";
import { SourceList } from "./source-list.ts";

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const workbench = new Workbench({
    compile: () => Promise.reject(new Error("A recording cannot be compiled.")),
    interrupt() {},
    explain: (ending) => ending,
});
const timeline = new Timeline({
    chart: find("chart"),
    canvas: find<HTMLCanvasElement>("canvas"),
    spacer: find("spacer"),
    empty: find("empty"),
    detail: find("detail"),
    table: find<HTMLTableElement>("table"),
    tableNote: find("table-note"),
});
timeline.follow(workbench);
new ConsoleFeed(workbench, new Console(find("output")));
const nameOf = (task: number) => timeline.nameOf(task);
const transport = new Transport(workbench, new Breakpoints(nameOf), nameOf);
find("transport").replaceWith(transport.element);
const source = new SourceList(find("source"), workbench);
const panels = new Panels(find("panels"));
const showWhy = () => panels.show("why");
panels.add({ id: "state", title: "State", element: statePanel(workbench, { why: showWhy }) });
panels.add({ id: "why", title: "Why", element: whyPanel(workbench, { object: () => panels.show("state") }) });
panels.add({ id: "tasks", title: "Tasks", element: find("tasks") });
timeline.asked = showWhy;
find("zoom-in").addEventListener("click", () => timeline.zoom(1 / 1.5));
find("zoom-out").addEventListener("click", () => timeline.zoom(1.5));
find("fit").addEventListener("click", () => timeline.fit());
keepFocus(document);

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
