/** The page: puts its parts together. */

import "./style.css";
import { Compiler } from "./compiler/compiler.ts";
import { LiveCode } from "./compiler/live.ts";
import { followTasks, linkTimeline } from "./editor/follow.ts";
import { SourcePane } from "./editor/source-pane.ts";
import type { Site } from "./events.ts";
import { examples, loadGroups } from "./examples.ts";
import { fetchText } from "./fetched.ts";
import type { Example, Group } from "./examples.ts";
import { baseName, messageOf } from "./format.ts";
import { setUpHelp } from "./help.ts";
import { cancelPanel } from "./orders/cancel.ts";
import { ordersPanel } from "./orders/orders.ts";
import { ParameterPlot } from "./parameters/plot.ts";
import { Sliders } from "./parameters/sliders.ts";
import { Picker } from "./picker.ts";
import { layoutsOf } from "./replay/layouts.ts";
import { variablesPanel } from "./replay/variables-panel.ts";
import { reveal } from "./reveal.ts";
import { RunControls } from "./run-controls.ts";
import { addShortcuts } from "./shortcuts.ts";
import { keepForOffline } from "./offline/offline.ts";
import { Address } from "./share/address.ts";
import { ShareDialog } from "./share/dialog.ts";
import { acceptFiles } from "./share/drop.ts";
import { addWayOut } from "./share/embed.ts";
import type { Link } from "./share/link.ts";
import { openFiles } from "./share/open-files.ts";
import { nothing } from "./subject.ts";
import type { Subject } from "./subject.ts";
import { setUpTheme } from "./theme.ts";
import { Twin } from "./twin/twin.ts";
import { find, viewerOf } from "./viewer.ts";
import { Workbench } from "./workbench.ts";

const compiler = new Compiler();
const workbench = new Workbench(new LiveCode(compiler));
const plot = new ParameterPlot(workbench);
new Sliders(find("parameters"), workbench, (moved) => plot.explorer.moved(moved));
const line = (site: Site) => baseName(site.file) === workbench.subject.file && source.editor.reveal(site.line);
const { timeline, output, breakpoints, transport, panels } = viewerOf(workbench, line);
const controls = new RunControls(workbench, {
    run: find<HTMLButtonElement>("run"),
    stop: find<HTMLButtonElement>("stop"),
    status: find("status"),
    realClock: find<HTMLInputElement>("clock-real"),
    virtualClock: find<HTMLInputElement>("clock-virtual"),
    busy: find("workbench"),
});
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
output.places = { file: () => workbench.subject.file, reveal: (place) => source.editor.reveal(place) };
const nameOf = (task: number) => timeline.nameOf(task);
const structures = (subject: Subject) => layoutsOf(compiler, subject);
panels.add({ id: "variables", title: "Variables", element: variablesPanel(workbench, { nameOf, layoutsOf: structures }) });
panels.add({ id: "orders", title: "Orders", element: ordersPanel(workbench) });
panels.add({ id: "cancel", title: "Cancel", element: cancelPanel(workbench) });
panels.add({ id: "plot", title: "Plot", element: plot.element });
const twin = new Twin(workbench, timeline, {
    root: find("workbench"),
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

/** Shows what a link holds; the first example if it names none. One that has a step is run up to there. */
async function openLink(link: Link): Promise<void> {
    const named = examples.get(link.example ?? "");
    const chosen = named ?? (link.code === undefined ? examples.values().next().value : undefined);
    const subject: Subject = {
        ...nothing,
        example: chosen?.name,
        file: link.code?.file ?? baseName(chosen?.source ?? nothing.file),
        source: link.code?.source ?? "",
        edited: link.code !== undefined,
        clock: link.clock ?? workbench.subject.clock,
        seed: link.seed,
        decisions: link.decisions,
        injections: link.injections,
        permuteReady: link.permuteReady,
    };
    const place = showSubject(subject, chosen);
    const source = link.code?.source ?? (await fetchText(chosen!.source));
    if (place !== shown) {
        return; /* another was chosen meanwhile */
    }
    workbench.change({ source, parameters: link.parameters }); /* together: a parameter means something in its source only */
    reveal();
    if (link.step !== undefined) {
        const { step } = link;
        void workbench.run().then((recording) => recording && workbench.seek(step));
    }
}

/** Counts the programs that were shown. */
let shown = 0;

/** Puts another program in place of the one that is shown; gives its number. */
function showSubject(subject: Subject, chosen: Example | undefined): number {
    workbench.replace(subject);
    const title = chosen?.title ?? subject.file;
    document.title = `${title} · weft`;
    find("group").textContent = (chosen && groups.find((group) => group.examples.includes(chosen))?.title) ?? "From outside";
    find("title").textContent = title;
    find("look").textContent = chosen?.look ?? "";
    picker.select(chosen);
    return ++shown;
}

/** Traces and sources that were dropped on the page or chosen. */
async function open(files: File[]): Promise<void> {
    try {
        const { subject, recording } = await openFiles(files);
        showSubject(subject, undefined);
        if (recording !== undefined) {
            workbench.open(recording);
        }
    } catch (error) {
        report(error, "The file could not be opened.");
    }
}

function report(error: unknown, words: string): void {
    const message = messageOf(error);
    controls.say(words, "failed");
    reveal();
    output.error({ name: "Not loaded", message, traceback: [], errors: [] });
}

/** On a narrow screen the results come before the source, in reading order too. */
function arrange(narrow: boolean): void {
    (narrow ? find("workbench") : find("program")).append(find("source"));
    twin.arrange();
    source.editor.measure();
}

addWayOut(find("run").parentElement!);
acceptFiles((files) => void open(files));
const share = new ShareDialog(workbench, (files) => void open(files));
find("share").addEventListener("click", () => void share.show());
addShortcuts(...controls.shortcuts, ...transport.shortcuts, ...twin.shortcuts, { keys: "s", words: "Share, take home, open a trace", action: () => void share.show() });
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
    await new Address(workbench, openLink, (error) => report(error, "The link could not be opened.")).follow();
} catch (error) {
    report(error, "The examples could not be loaded.");
}
keepForOffline();
