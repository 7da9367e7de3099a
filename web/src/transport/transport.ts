/** The time machine's controls: a scrubber over the steps of the recorded run, single steps, playback, breakpoints. */

import "./transport.css";
import { button, element, icon } from "../elements.ts";
import { count, instant } from "../format.ts";
import { Kind } from "../events.ts";
import type { Recording } from "../recording.ts";
import type { Shortcut } from "../shortcuts.ts";
import type { Workbench } from "../workbench.ts";
import { nextHit } from "./breakpoints.ts";
import type { Breakpoints } from "./breakpoints.ts";
import { breakpointsButton } from "./breakpoints-list.ts";
import { Playback } from "./playback.ts";

const speeds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 100];

const signs = {
    first: "M12 3 6 8l6 5zM4 3v10",
    back: "M10 3 4 8l6 5z",
    play: "M5 3l8 5-8 5z",
    pause: "M5.5 3v10M10.5 3v10",
    on: "M6 3l6 5-6 5z",
    last: "M4 3l6 5-6 5zM12 3v10",
};

export class Transport {
    readonly element: HTMLElement;
    readonly #workbench: Workbench;
    readonly #breakpoints: Breakpoints;
    readonly #nameOf: (task: number) => string;
    readonly #playback: Playback;
    readonly #scrubber = element("input", { type: "range", min: "0", max: "0", step: "1", value: "0", "aria-label": "Step of the run", disabled: true });
    readonly #place = element("p", { class: "place" });
    readonly #said = element("p", { class: "unseen", role: "status" });
    readonly #play: HTMLButtonElement;
    readonly #buttons: HTMLButtonElement[];
    readonly #jumps: HTMLButtonElement[];

    constructor(workbench: Workbench, breakpoints: Breakpoints, nameOf: (task: number) => string) {
        this.#workbench = workbench;
        this.#breakpoints = breakpoints;
        this.#nameOf = nameOf;
        this.#playback = new Playback(
            () => workbench.recording && { recording: workbench.recording, step: workbench.step },
            (step) => this.#played(step),
            () => this.#showPlaying(),
        );
        const control = (label: string, keys: string, sign: string, action: () => void) =>
            button(label, { title: `${label} (${keys})`, class: "icon" }, action, icon(sign));
        this.#play = control("Play", "K", signs.play, () => this.togglePlay());
        this.#buttons = [
            control("To the beginning", "Shift+J", signs.first, () => this.seek(0)),
            control("Step back", "J", signs.back, () => this.step(-1)),
            this.#play,
            control("Step forward", "L", signs.on, () => this.step(1)),
            control("To the end", "Shift+L", signs.last, () => this.seek(Infinity)),
        ];
        this.#jumps = [
            button("Back to a breakpoint", { title: "Back to a breakpoint (Shift+B)" }, () => this.jump(-1)),
            button("On to a breakpoint", { title: "On to a breakpoint (B)" }, () => this.jump(1)),
        ];
        this.element = element("div", { class: "transport", role: "group", "aria-label": "Time machine" },
            element("div", { class: "buttons" }, ...this.#buttons),
            this.#scrubber,
            this.#place,
            element("div", { class: "more" }, this.#speedChoice(), breakpointsButton(workbench, breakpoints, nameOf, this.#jumps)),
            this.#said);
        this.#listen();
        this.#show();
    }

    #listen(): void {
        this.#scrubber.addEventListener("input", () => this.seek(this.#scrubber.valueAsNumber));
        for (const name of ["subject", "started", "grown", "step", "state"] as const) {
            this.#workbench.on(name, () => this.#show());
        }
        this.#workbench.on("started", () => this.#playback.stop());
        this.#breakpoints.onChange(() => this.#show());
    }

    #speedChoice(): HTMLElement {
        const choice = element("select", { "aria-label": "Playback speed" });
        for (const speed of speeds) {
            const option = element("option", { value: String(speed) }, `${speed}×`);
            option.selected = speed === 1;
            choice.append(option);
        }
        choice.addEventListener("change", () => {
            this.#playback.speed = Number(choice.value);
        });
        return choice;
    }

    get shortcuts(): Shortcut[] {
        const group = "Time machine";
        return [
            { keys: "k", words: "Play or pause", action: () => this.togglePlay(), group },
            { keys: "j", words: "One step back", action: () => this.step(-1), group },
            { keys: "l", words: "One step forward", action: () => this.step(1), group },
            { keys: "Shift+j", words: "To the beginning", action: () => this.seek(0), group },
            { keys: "Shift+l", words: "To the end", action: () => this.seek(Infinity), group },
            { keys: "Shift+b", words: "Back to a breakpoint", action: () => this.jump(-1), group },
            { keys: "b", words: "On to a breakpoint", action: () => this.jump(1), group },
        ];
    }

    // --- What the buttons and keys do ---

    /** Goes to a step; whoever does so has stopped the playback. */
    seek(step: number): void {
        this.#playback.stop();
        this.#workbench.seek(step);
    }

    step(way: 1 | -1): void {
        this.seek(this.#workbench.step + way);
        this.#say(this.#doing());
    }

    togglePlay(): void {
        if (this.#playback.playing) {
            this.#playback.stop();
        } else if (this.#workbench.recording !== undefined) {
            if (this.#workbench.atEnd) {
                this.#workbench.seek(0);
            }
            this.#playback.play();
            this.#showPlaying();
        }
    }

    /** To the next breakpoint that is hit, or the one before. */
    jump(way: 1 | -1): void {
        const { recording, step } = this.#workbench;
        const hit = recording && nextHit(this.#breakpoints, recording, step, way);
        if (hit === undefined) {
            this.#say(`No breakpoint ${way === 1 ? "after" : "before"} this step.`);
        } else {
            this.seek(hit.step);
            this.#say(`Breakpoint ${hit.reason}.`);
        }
    }

    #played(step: number): boolean {
        this.#workbench.seek(step);
        const { recording } = this.#workbench;
        const reason = recording && this.#breakpoints.reason(recording, step);
        if (reason !== undefined) {
            this.#say(`Stopped at a breakpoint ${reason}.`);
        }
        return reason === undefined;
    }

    #say(text: string): void {
        this.#said.textContent = text;
    }

    // --- What is shown ---

    #show(): void {
        const { recording, step } = this.#workbench;
        const steps = recording?.steps ?? 0;
        this.#scrubber.max = String(steps);
        this.#scrubber.value = String(step);
        this.#scrubber.disabled = steps === 0;
        this.#scrubber.style.setProperty("--share", String(steps === 0 ? 0 : step / steps));
        for (const control of this.#buttons) {
            control.disabled = steps === 0;
        }
        for (const jump of this.#jumps) {
            jump.disabled = steps === 0 || this.#breakpoints.size === 0;
        }
        const place = recording === undefined ? "No run yet" : placeText(recording, step);
        this.#place.textContent = place;
        this.#scrubber.setAttribute("aria-valuetext", `${place}. ${this.#doing()}`);
    }

    #showPlaying(): void {
        const { playing } = this.#playback;
        this.#play.replaceChildren(icon(playing ? signs.pause : signs.play));
        this.#play.setAttribute("aria-label", playing ? "Pause" : "Play");
        this.#play.title = playing ? "Pause (K)" : "Play (K)";
    }

    /** What the last step did, in words. */
    #doing(): string {
        const { recording, step } = this.#workbench;
        if (recording === undefined || step === 0) {
            return "Nothing has run yet.";
        }
        const { from, to } = recording.eventsOf(step);
        const event = recording.event(from);
        const site = recording.site(event.site);
        const where = site === undefined ? "" : ` in line ${site.line}`;
        for (let index = from + 1; index < to; index++) {
            const { kind, task } = recording.event(index);
            if (kind === Kind.done && task === event.task) {
                return `${this.#nameOf(event.task)} resumes${where} and ends.`;
            }
        }
        return `${this.#nameOf(event.task)} resumes${where}.`;
    }
}

function placeText(recording: Recording, step: number): string {
    return `${instant(recording.timeOf(step))} · step ${step.toLocaleString("en")} of ${count(recording.steps, "step").replace(/ steps?$/, "")}`;
}
