/** The page: puts its parts together. */

import "./style.css";
import { Console } from "./console.ts";
import { Editor } from "./editor.ts";
import { fetchText, loadGroups } from "./examples.ts";
import type { Example, Group } from "./examples.ts";
import { baseName, instant } from "./format.ts";
import { setUpHelp } from "./help.ts";
import { Parameters } from "./parameters.ts";
import { Picker } from "./picker.ts";
import type { Clock } from "./protocol.ts";
import { Run } from "./runner.ts";
import type { Ending } from "./runner.ts";
import { addShortcuts } from "./shortcuts.ts";
import { setUpTheme } from "./theme.ts";
import { Timeline } from "./timeline.ts";

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const runButton = find<HTMLButtonElement>("run");
const stopButton = find<HTMLButtonElement>("stop");
const status = find("status");
const output = new Console(find("output"));
const editor = new Editor(find("editor"));
const parameters = new Parameters(find("parameters"));
const timeline = new Timeline({
    chart: find("chart"),
    canvas: find<HTMLCanvasElement>("canvas"),
    spacer: find("spacer"),
    empty: find("empty"),
    detail: find("detail"),
    table: find<HTMLTableElement>("table"),
    tableNote: find("table-note"),
});
const picker = new Picker({
    button: find("pick"),
    list: find("examples"),
    previous: find<HTMLAnchorElement>("previous"),
    next: find<HTMLAnchorElement>("next"),
});

let groups: Group[] = [];
let example: Example | undefined;
let run: Run | undefined;

/** Shows the example that the address names; the first one if it names none. */
function followAddress(): void {
    const wanted = location.hash.slice(1);
    const examples = groups.flatMap((group) => group.examples);
    const chosen = examples.find(({ name }) => name === wanted) ?? examples[0];
    if (chosen !== undefined && chosen !== example) {
        void choose(chosen);
    }
}

async function choose(chosen: Example): Promise<void> {
    run?.abandon();
    run = undefined;
    example = chosen;
    showRunning(false);
    document.title = `${chosen.title} · weft`;
    find("group").textContent = groups.find(({ examples }) => examples.includes(chosen))?.title ?? "";
    find("title").textContent = chosen.title;
    find("look").textContent = chosen.look;
    picker.select(chosen);
    parameters.show(chosen);
    output.clear();
    timeline.clear();
    say("", "");
    try {
        const source = await fetchText(chosen.source);
        if (example === chosen) {
            editor.show(baseName(chosen.source), source);
        }
    } catch (error) {
        report(error);
    }
}

function start(): void {
    if (example === undefined || run !== undefined) {
        return;
    }
    const clock: Clock = find<HTMLInputElement>("clock-virtual").checked ? "virtual" : "real";
    output.clear();
    timeline.clear();
    say("Running…", "running");
    run = new Run(
        { wasm: example.wasm, coroutine: example.coroutine, fields: parameters.values(), clock },
        {
            started() {
                if (clock === "real") {
                    timeline.begin();
                }
            },
            output(text, stream, time, omitted) {
                if (omitted > 0) {
                    output.note(`${omitted.toLocaleString("en")} characters left out: the program prints faster than can be shown.`);
                }
                output.print(text, stream, time);
            },
            events: (chunk, base) => timeline.add(chunk, base),
            eventsFull: () => output.note("The timeline is full and ends here; the program goes on."),
            ended: (ending) => end(ending, clock),
        },
    );
    showRunning(true);
}

function end(ending: Ending, clock: Clock): void {
    run = undefined;
    timeline.end();
    say(endingText(ending, clock), ending.type);
    if (ending.type === "error") {
        output.error(ending.error);
    } else if (ending.type === "failed") {
        output.error({ name: "The program could not be started", message: ending.message, traceback: [], errors: [] });
    } else if (ending.type !== "value") {
        output.note(endingText(ending, clock));
    }
    output.flush();
    showRunning(false);
}

function endingText(ending: Ending, clock: Clock): string {
    switch (ending.type) {
        case "value":
            return `Finished ${clock === "virtual" ? "at virtual time" : "after"} ${instant(ending.time)}${ending.value && `, value ${ending.value}`}.`;
        case "error":
            return `Failed at ${instant(ending.time)}: ${ending.error.name}.`;
        case "cancelled":
            return `Stopped at ${instant(ending.time)}: the program was cancelled and has cleaned up.`;
        case "terminated":
            return "Stopped: the program did not end by itself and was ended.";
        case "failed":
            return "The program could not be started.";
    }
}

/** Tells how the run stands; the state chooses the sign before the words. */
function say(text: string, state: Ending["type"] | "running" | ""): void {
    status.textContent = text;
    status.dataset["state"] = state;
}

/** The focus goes along, so that Enter runs and stops. */
function showRunning(running: boolean): void {
    const focused = document.activeElement === runButton || document.activeElement === stopButton;
    runButton.disabled = running || example === undefined;
    stopButton.disabled = !running;
    find("workbench").setAttribute("aria-busy", String(running));
    if (focused) {
        (running ? stopButton : runButton).focus();
    }
}

function stop(): void {
    if (run !== undefined) {
        say("Stopping…", "running");
        run.stop();
    }
}

function report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    say("The examples could not be loaded.", "failed");
    output.error({ name: "Not loaded", message, traceback: [], errors: [] });
}

/** On a narrow screen the results come before the source, in reading order too. */
function arrange(narrow: boolean): void {
    (narrow ? find("workbench") : find("program")).append(find("source"));
    editor.measure();
}

runButton.addEventListener("click", start);
stopButton.addEventListener("click", stop);
find("zoom-in").addEventListener("click", () => timeline.zoom(1 / 1.5));
find("zoom-out").addEventListener("click", () => timeline.zoom(1.5));
find("fit").addEventListener("click", () => timeline.fit());
addShortcuts({ keys: "Control+Enter", words: "Run the program", action: start });
setUpHelp(find<HTMLButtonElement>("keys"));
setUpTheme(find<HTMLButtonElement>("theme"), () => timeline.recolour());
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
