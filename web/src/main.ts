/** The page: puts its parts together. */

import "./style.css";
import { Compiler } from "./compiler/compiler.ts";
import { LiveCode } from "./compiler/live.ts";
import { Console } from "./console.ts";
import { ConsoleFeed } from "./console-feed.ts";
import { followTasks, linkTimeline } from "./editor/follow.ts";
import { SourcePane } from "./editor/source-pane.ts";
import { cancelPanel } from "./orders/cancel.ts";
import { ordersPanel } from "./orders/orders.ts";
import { examples, fetchText, loadGroups } from "./examples.ts";
import type { Example, Group } from "./examples.ts";
import { baseName } from "./format.ts";
import { setUpHelp } from "./help.ts";
import { statePanel } from "./history/state-panel.ts";
import { whyPanel } from "./history/why-panel.ts";
import { Panels } from "./panels.ts";
import { Sliders } from "./parameters/sliders.ts";
import { Picker } from "./picker.ts";
import { variablesPanel } from "./replay/variables-panel.ts";
import { RunControls } from "./run-controls.ts";
import { addShortcuts } from "./shortcuts.ts";
import { nothing } from "./subject.ts";
import type { Subject } from "./subject.ts";
import { setUpTheme } from "./theme.ts";
import { Timeline } from "./timeline.ts";
import { Twin } from "./twin/twin.ts";
import { Breakpoints } from "./transport/breakpoints.ts";
import { Transport } from "./transport/transport.ts";
import { Workbench } from "./workbench.ts";

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const compiler = new Compiler();
const workbench = new Workbench(new LiveCode(compiler));
const output = new Console(find("output"));
new Sliders(find("parameters"), workbench, () => {});
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
const controls = new RunControls(workbench, {
    run: find<HTMLButtonElement>("run"),
    stop: find<HTMLButtonElement>("stop"),
    status: find("status"),
    realClock: find<HTMLInputElement>("clock-real"),
    virtualClock: find<HTMLInputElement>("clock-virtual"),
    busy: find("workbench"),
});
new ConsoleFeed(workbench, output);
const nameOf = (task: number) => timeline.nameOf(task);
const breakpoints = new Breakpoints(nameOf);
const transport = new Transport(workbench, breakpoints, nameOf);
find("transport").replaceWith(transport.element);
const source = new SourcePane(
    {
        editor: find("editor"),
        file: find("file"),
        edited: find("edited"),
        reset: find<HTMLButtonElement>("reset"),
        problems: find("problems"),
    },
    workbench,
    compiler,
    {
        breakpoints(lines) {
            breakpoints.lines = lines;
            breakpoints.changed();
        },
        pointed: (line) => light(line),
    },
);
const light = linkTimeline(workbench, timeline, source.editor);
followTasks(workbench, source.editor);
output.places = { file: () => workbench.subject.file, reveal: (line) => source.editor.reveal(line) };
const panels = new Panels(find("panels"));
panels.add({ id: "tasks", title: "Tasks", element: find("tasks") });
const showWhy = () => panels.show("why");
panels.add({ id: "state", title: "State", element: statePanel(workbench, { why: showWhy }) });
panels.add({ id: "why", title: "Why", element: whyPanel(workbench, { object: () => panels.show("state") }) });
timeline.asked = showWhy;
const layoutsOf = ({ file, source }: Subject) => (compiler.ready ? compiler.layouts(file, source) : undefined);
panels.add({ id: "variables", title: "Variables", element: variablesPanel(workbench, { nameOf, layoutsOf }) });
panels.add({ id: "orders", title: "Orders", element: ordersPanel(workbench) });
panels.add({ id: "cancel", title: "Cancel", element: cancelPanel(workbench) });
const twin = new Twin(workbench, timeline, {
    tools: find("fit").parentElement!,
    timeline: find("chart").closest<HTMLElement>("section")!,
    source: find("source"),
    panels,
});
const picker = new Picker({
    button: find("pick"),
    list: find("examples"),
    previous: find<HTMLAnchorElement>("previous"),
    next: find<HTMLAnchorElement>("next"),
});

let groups: Group[] = [];

/** Shows the example that the address names; the first one if it names none. */
function followAddress(): void {
    const wanted = location.hash.slice(1);
    const chosen = examples.get(wanted) ?? examples.values().next().value;
    if (chosen !== undefined && chosen.name !== workbench.subject.example) {
        void choose(chosen);
    }
}

async function choose(chosen: Example): Promise<void> {
    const file = baseName(chosen.source);
    workbench.replace({ ...nothing, example: chosen.name, file, clock: workbench.subject.clock });
    document.title = `${chosen.title} · weft`;
    find("group").textContent = groups.find((group) => group.examples.includes(chosen))?.title ?? "";
    find("title").textContent = chosen.title;
    find("look").textContent = chosen.look;
    picker.select(chosen);
    try {
        const text = await fetchText(chosen.source);
        if (workbench.subject.example === chosen.name) {
            workbench.change({ source: text });
        }
    } catch (error) {
        report(error);
    }
}

function report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    controls.say("The examples could not be loaded.", "failed");
    output.error({ name: "Not loaded", message, traceback: [], errors: [] });
}

/** On a narrow screen the results come before the source, in reading order too. */
function arrange(narrow: boolean): void {
    (narrow ? find("workbench") : find("program")).append(find("source"));
    twin.arrange();
    source.editor.measure();
}

find("zoom-in").addEventListener("click", () => timeline.zoom(1 / 1.5));
find("zoom-out").addEventListener("click", () => timeline.zoom(1.5));
find("fit").addEventListener("click", () => timeline.fit());
addShortcuts(...controls.shortcuts, ...transport.shortcuts);
setUpHelp(find<HTMLButtonElement>("keys"));
setUpTheme(find<HTMLButtonElement>("theme"), () => {
    timeline.recolour();
    twin.recolour();
});
const narrow = matchMedia("(max-width: 800px)");
narrow.addEventListener("change", () => arrange(narrow.matches));
arrange(narrow.matches);

try {
    groups = await loadGroups();
    picker.show(groups);
    followAddress();
    addEventListener("hashchange", followAddress);
} catch (error) {
    report(error);
}
