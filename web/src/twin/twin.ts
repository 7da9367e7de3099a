/** The Python twin beside the C: its source, its timeline on the C's time axis, and CPython itself for those who load it. */

import "./twin.css";
import { Console } from "../console.ts";
import { button, element } from "../elements.ts";
import { examples } from "../examples.ts";
import { fetched, fetchText } from "../fetched.ts";
import { duration, instant, megabytes, messageOf } from "../format.ts";
import type { Panels } from "../panels.ts";
import { valueOf } from "../parameters/declarations.ts";
import { Recording } from "../recording.ts";
import { siteOf } from "../timeline-items.ts";
import type { Shortcut } from "../shortcuts.ts";
import { Timeline } from "../timeline.ts";
import type { Workbench } from "../workbench.ts";
import { pythonFiles, totalSize } from "./pyodide.ts";
import { Python } from "./python.ts";
import { PythonSource } from "./source.ts";

interface Places {
    /** What both programs stand in. */
    root: HTMLElement;
    /** Gets the button that shows and hides the twin. */
    tools: HTMLElement;
    /** The C's timeline and source, which the twin's stand behind. */
    timeline: HTMLElement;
    source: HTMLElement;
    panels: Panels;
}

const headSize = 32;
const panelId = "python";

export class Twin {
    readonly #workbench: Workbench;
    readonly #beside: Timeline;
    readonly #places: Places;
    readonly #python = new Python();
    readonly #toggle: HTMLButtonElement;
    readonly #run: HTMLButtonElement;
    readonly #stop: HTMLButtonElement;
    readonly #restore: HTMLButtonElement;
    readonly #progress = element("progress", { "aria-label": "CPython is loaded", hidden: true });
    readonly #said = element("p", { class: "said", role: "status", "aria-label": "Python" });
    readonly #compared = element("p", { class: "compared" });
    readonly #output: Console;
    readonly #timeline: Timeline;
    readonly #editor: PythonSource;
    readonly #chart: HTMLElement;
    readonly #source: HTMLElement;
    readonly #heading = element("h3");
    /** The example whose twin is shown, while the twin is shown. */
    #example: string | undefined;
    /** The newest wish to show or run something: what an older one still loads is not wanted any more. */
    #wish = 0;
    #text = "";
    #size = "";

    constructor(workbench: Workbench, beside: Timeline, places: Places) {
        this.#workbench = workbench;
        this.#beside = beside;
        this.#places = places;
        const pressed = { "aria-pressed": "false", title: "The asyncio program beside the C, on the same time axis (P)", "aria-keyshortcuts": "P" };
        this.#toggle = button("Python", pressed, () => this.#setShown(this.#example === undefined), "Python");
        places.tools.prepend(this.#toggle);
        this.#run = button("Run", { class: "run" }, () => this.#start(), "Run in CPython");
        this.#stop = button("Stop Python", { hidden: true }, () => this.#python.stop("it was stopped"), "Stop Python");
        this.#restore = button("Restore the twin", { hidden: true }, () => void this.#show(), "Restore");

        const log = element("div", { class: "output", role: "log", "aria-label": "Printed by Python", tabindex: "0" });
        this.#output = new Console(log);
        const canvas = element("canvas", { class: "canvas", "aria-hidden": "true" });
        const empty = element("p", { class: "empty" });
        const spacer = element("div", { class: "spacer" });
        const sheet = element("div", { class: "sheet" }, canvas);
        const chart = element(
            "div",
            { class: "chart", tabindex: "0", role: "application", "aria-label": "Python timeline", "aria-describedby": "chart-help" },
            sheet, empty, spacer,
        );
        const detail = element("p", { class: "detail", "aria-live": "polite" });
        const { table, note } = makeTable();

        const heading = element("h3", { id: "python-heading" }, "Python");
        const head = element("div", { class: "pane-head" }, heading, this.#said, this.#progress, element("div", { class: "tools" }, this.#restore, this.#stop, this.#run));
        this.#chart = element("section", { class: "pane timeline python-twin", "aria-labelledby": "python-heading", hidden: true }, head, chart, detail);
        const editor = element("div", { class: "python-editor" });
        this.#source = element("section", { class: "pane python-source", "aria-label": "Python source", hidden: true }, element("div", { class: "pane-head" }, this.#heading), editor);
        places.timeline.after(this.#chart);
        places.panels.add({ id: panelId, title: "Python", element: element("div", { class: "python-panel" }, this.#compared, log, table, note) });

        this.#timeline = new Timeline({ chart, canvas, spacer, empty, detail, table, tableNote: note }, beside);
        this.#editor = new PythonSource(editor, () => this.#edited());
        this.#timeline.onHover((item) => this.#editor.light(item && this.#timeline.model.site(siteOf(item))?.line));
        this.arrange();

        workbench.on("subject", () => this.#followSubject());
        workbench.on("ended", () => this.#compare());
        workbench.on("started", () => this.#compare());
        workbench.on("step", () => {
            const { recording } = workbench;
            this.#timeline.cursor = recording === undefined || workbench.atEnd ? undefined : recording.timeOf(workbench.step);
            this.#timeline.redraw();
        });
        this.#followSubject();
        this.#compare();
    }

    get shortcuts(): Shortcut[] {
        const group = "Python twin";
        return [
            { keys: "p", words: "Show or hide it", action: () => this.#toggle.click(), group },
            { keys: "Shift+p", words: "Run it in CPython", action: () => this.#run.click(), when: () => !this.#chart.hidden && !this.#run.hidden, group },
        ];
    }

    /** Puts its source behind the C's, wherever that stands now. */
    arrange(): void {
        this.#places.source.after(this.#source);
        this.#editor.measure();
    }

    recolour(): void {
        this.#timeline.recolour();
    }

    #followSubject(): void {
        const chosen = this.#workbench.subject.example;
        const example = chosen !== undefined && examples.get(chosen)?.twin === false ? undefined : chosen;
        this.#toggle.disabled = example === undefined;
        if (this.#example !== undefined && this.#example !== example) {
            this.#example = example;
            if (example === undefined) {
                this.#setShown(false);
            } else {
                void this.#show();
            }
        }
    }

    #setShown(shown: boolean): void {
        this.#wish++;
        this.#example = shown ? this.#workbench.subject.example : undefined;
        this.#toggle.setAttribute("aria-pressed", String(shown));
        this.#chart.hidden = this.#source.hidden = !shown;
        this.#places.root.classList.toggle("with-twin", shown);
        if (shown) {
            this.#places.panels.show(panelId);
            void this.#show();
        } else {
            this.#python.stop("");
            this.#timeline.clear();
            this.#output.clear();
        }
        this.#beside.redraw();
        this.#compare();
    }

    /** The twin as it is, with its recording. */
    async #show(): Promise<void> {
        const wish = ++this.#wish;
        const example = this.#example;
        if (example === undefined) {
            return;
        }
        this.#python.stop("");
        this.#clear();
        this.#restore.hidden = true;
        this.#say("");
        try {
            const address = (kind: string) => new URL(`examples/${example}.${kind}`, document.baseURI).href;
            const bytes = async (response: Response) => new Uint8Array(await response.arrayBuffer());
            const [text, log] = await Promise.all([fetchText(address("py")), fetched(address("python.log")).then(bytes)]);
            if (wish !== this.#wish) {
                return;
            }
            this.#text = text;
            this.#heading.textContent = this.#file;
            this.#editor.show(this.#file, text);
            const recording = new Recording();
            recording.add(log.subarray(headSize), 0);
            this.#timeline.add(log.subarray(headSize), 0);
            this.#timeline.end();
            this.#say("What CPython’s asyncio did, recorded on a virtual clock.");
            for (const { text: line, stream, time } of recording.output) {
                this.#output.print(line, stream, time);
            }
            if (this.#size === "") {
                this.#size = megabytes(totalSize(await pythonFiles(document.baseURI)));
            }
        } catch (error) {
            if (wish !== this.#wish) {
                return;
            }
            this.#say(`The twin could not be loaded: ${messageOf(error)}`);
        }
        if (wish === this.#wish) {
            this.#showRunning(false);
            this.#compare();
        }
    }

    get #file(): string {
        return `${this.#example}.py`;
    }

    #edited(): void {
        const changed = this.#editor.text !== this.#text;
        this.#restore.hidden = !changed;
        if (changed && !this.#python.running) {
            this.#say("Edited: run it to see what it does.");
        }
    }

    #clear(): void {
        this.#timeline.clear();
        this.#output.clear();
    }

    // --- CPython here and now ---

    #start(): void {
        this.#wish++;
        this.#clear();
        this.#showRunning(true);
        this.#say(this.#python.loaded ? "Running…" : `Loading CPython, ${this.#size}…`);
        this.#python.run(this.#file, this.#editor.text, {
            progress: (loaded, total) => {
                this.#progress.hidden = loaded >= total;
                this.#progress.max = total;
                this.#progress.value = loaded;
            },
            began: (version) => {
                this.#progress.hidden = true;
                this.#say(`Running in CPython ${version}…`);
            },
            output: (text, stream, time, omitted) => {
                if (omitted > 0) {
                    this.#output.note(`${omitted.toLocaleString("en")} characters left out: the program prints faster than can be shown.`);
                }
                this.#output.print(text, stream, time);
            },
            events: (chunk, base) => this.#timeline.add(chunk, base),
            eventsFull: () => this.#output.note("The timeline is full and ends here; the program goes on."),
            ended: (failure) => {
                this.#end(failure === undefined ? "Finished, here in CPython." : "Failed: the output has the traceback.");
            },
            lost: (why) => {
                this.#progress.hidden = true;
                if (why !== "") {
                    this.#output.note(`Python: ${why}.`);
                    this.#end(`Not finished: ${why}.`);
                }
            },
        });
    }

    #end(words: string): void {
        this.#timeline.end();
        this.#output.flush();
        this.#say(words);
        this.#showRunning(false);
        this.#compare();
    }

    #showRunning(running: boolean): void {
        const focused = [this.#run, this.#stop].includes(document.activeElement as HTMLButtonElement);
        this.#run.hidden = running;
        this.#stop.hidden = !running;
        this.#run.textContent = this.#python.loaded || this.#size === "" ? "Run in CPython" : `Run in CPython (${this.#size})`;
        if (focused) {
            (running ? this.#stop : this.#run).focus();
        }
    }

    #say(text: string): void {
        this.#said.textContent = text;
    }

    // --- Both ---

    /** The two totals in words. */
    #compare(): void {
        this.#compared.textContent = this.#comparison();
    }

    #comparison(): string {
        const { recording, state, subject } = this.#workbench;
        const python = this.#timeline.model.end;
        if (this.#example === undefined || this.#timeline.model.tasks.length === 0) {
            return "The button Python above the timeline shows the asyncio program beside the C, on the same time axis.";
        }
        if (recording === undefined || state !== "idle") {
            return `Python ends at ${instant(python)}. Run the C to compare.`;
        }
        const c = recording.end;
        const virtual = recording.subject?.clock === "virtual";
        const difference = Math.abs(python - c);
        if (difference < (virtual ? 0.0005 : 0.02)) {
            return `C and Python both end at ${instant(python)}.`;
        }
        const words = `C ends at ${instant(c)} and Python at ${instant(python)}: Python takes ${duration(difference)} ${python > c ? "longer" : "less"}.`;
        const changed = differs(this.#editor.text, subject.parameters) ? " The sliders set the C alone: the twin’s values are in its last line." : "";
        const blocks = virtual && /\btime\.sleep\(|\bto_thread\(/.test(this.#editor.text)
            ? " What blocks takes no time on the C’s virtual clock; on the twin’s it does, in a thread beside the loop, or in the loop itself."
            : "";
        return words + changed + blocks;
    }
}

/** Whether the sliders stand elsewhere than what the twin's last line gives to its main coroutine. */
function differs(twin: string, parameters: Readonly<Record<string, number>>): boolean {
    const [, given = ""] = /^asyncio\.run\(\w+\((.*?)\)/m.exec(twin) ?? [];
    return [...given.matchAll(/(\w+)=([\d.]+)/g)].some(([, name = "", value]) => valueOf({ name, value: Number(value) }, parameters) !== Number(value));
}

function makeTable(): { table: HTMLTableElement; note: HTMLElement } {
    const headings = ["Task", "Started", "Ended", "Outcome", "Waits for"].map((text) => element("th", { scope: "col" }, text));
    const table = element("table", { "aria-label": "Python tasks" }, element("thead", {}, element("tr", {}, ...headings)), element("tbody"));
    return { table, note: element("p", { class: "table-note" }) };
}
