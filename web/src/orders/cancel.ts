/** Cancelling any task at any step, seeing it travel, and trying it everywhere. */

import "./orders.css";
import { button, element } from "../elements.ts";
import { count } from "../format.ts";
import type { Injection } from "../subject.ts";
import type { Workbench } from "../workbench.ts";
import { sampled } from "./faults.ts";
import type { Fault, FaultKind } from "./faults.ts";
import { Runs } from "./runs.ts";
import { Steps } from "./steps.ts";
import { moduleOf, onOtherProgram, show } from "./subject-runs.ts";
import { Task } from "./task.ts";

/* So many moments are tried at most. */
const mostPlaces = 2000;

const titles: Record<FaultKind, string> = {
    deadlock: "Deadlock",
    crash: "Crash",
    endless: "Never ends",
    held: "Never given back",
    leak: "Memory lost",
    "never awaited": "Never awaited",
    "never retrieved": "Error lost",
    destroyed: "Task destroyed",
    cleanup: "Cleanup cut short",
};

export function cancelPanel(workbench: Workbench): HTMLElement {
    return element("div", { class: "orders" }, here(workbench), everywhere(workbench));
}

// --- Here ---

function here(workbench: Workbench): HTMLElement {
    const cancel = button("Cancel here", { class: "primary" }, () => void cancelHere());
    const what = element("p", { class: "note" });
    const list = element("ul", { "aria-label": "Cancellations" });
    const way = element("div");
    let steps: Steps | undefined;

    function stepsOf(): Steps | undefined {
        const { recording } = workbench;
        if (recording === undefined) {
            return undefined;
        }
        if (steps?.recording !== recording || steps.count !== recording.count) {
            steps = new Steps(recording);
        }
        return steps;
    }

    async function cancelHere(): Promise<void> {
        const { subject, step, selected, recording } = workbench;
        const choices = recording?.subject ?? subject;
        if (selected !== undefined) {
            await cancelWith([...choices.injections, { step: step + 1, task: selected }], selected, step + 1);
        }
    }

    async function cancelWith(injections: Injection[], task: number | undefined, step: number): Promise<void> {
        const { seed, decisions, permuteReady } = workbench.recording?.subject ?? workbench.subject;
        if (await show(workbench, { seed, decisions, permuteReady, injections }, step)) {
            workbench.select(task);
        }
    }

    function update(): void {
        const { selected, recording, step, state } = workbench;
        const virtual = recording?.subject?.clock === "virtual";
        const name = selected === undefined || recording === undefined ? undefined : stepsOf()?.nameOf(selected);
        cancel.disabled = state !== "idle" || !virtual || name === undefined || step >= (recording?.steps ?? 0);
        what.textContent = recording === undefined ? "Run the program in virtual time, select a task and go to any step."
            : recording.subject === undefined ? "This is a recording from elsewhere. Run the program here, in virtual time, and it can be repeated with a cancellation."
            : !virtual ? "This run was made in real time. In virtual time it can be repeated with a cancellation."
            : name === undefined ? "Select a task on the timeline, then go to any step."
            : step >= recording.steps ? `Go to a step at which ${name} is to be cancelled; here the run is over.`
            : `Runs once more and cancels ${name} right before step ${step + 1}.`;
    }

    function showList(): void {
        const { injections } = workbench.subject;
        const known = stepsOf();
        list.replaceChildren(...injections.map((injection, index) => {
            const words = `${known?.nameOf(injection.task) ?? `Task-${injection.task}`} before step ${injection.step}`;
            const remove = button(`Remove: ${words}`, {}, () => void cancelWith(injections.toSpliced(index, 1), workbench.selected, injection.step), "Remove");
            remove.setAttribute("aria-label", `Remove: ${words}`);
            return element("li", {}, element("span", {}, words), button(`Go to step ${injection.step}`, {}, () => workbench.seek(injection.step)), remove);
        }));
        list.hidden = injections.length === 0;
    }

    function showWay(): void {
        const { recording } = workbench;
        const injections = recording?.subject?.injections ?? [];
        const first = Math.min(...injections.map(({ step }) => step));
        const travel = injections.length === 0 ? [] : (stepsOf()?.travel(first) ?? []);
        way.replaceChildren(...(travel.length === 0 ? [] : [
            element("h3", {}, "Its way"),
            element("ol", { "aria-label": "The way of the cancellation" }, ...travel.map(({ step, words }) =>
                element("li", {}, button(`Go to step ${step}`, {}, () => workbench.seek(step), element("span", { class: "when" }, `Step ${step}`), element("span", {}, words))))),
        ]));
    }

    const refresh = () => {
        update();
        showList();
        showWay();
    };
    workbench.on("subject", showList);
    workbench.on("selected", update);
    workbench.on("step", update);
    workbench.on("state", update);
    workbench.on("started", refresh);
    workbench.on("ended", refresh);
    refresh();
    return element("section", { "aria-label": "Cancel here" }, element("div", { class: "actions" }, cancel), what, list, way);
}

// --- Everywhere ---

interface Finding {
    kind: FaultKind;
    words: string;
    faults: Fault[];
}

function everywhere(workbench: Workbench): HTMLElement {
    const results = element("div");
    const task = new Task("Cancel everywhere", "Cancel everywhere", tryAll);
    task.start.classList.remove("primary");
    onOtherProgram(workbench, () => {
        task.cancel();
        results.replaceChildren();
    });

    async function tryAll(signal: AbortSignal): Promise<string> {
        results.replaceChildren();
        const module = await moduleOf(workbench);
        const { source, parameters, seed, decisions, permuteReady } = workbench.subject;
        const runs = new Runs({ module, parameters, permuteReady, base: document.baseURI, ignoreOutput: true }, source, signal);
        const inputs = { decisions, ...(seed !== undefined && { seed }) };
        const base = await runs.places(inputs);
        if (base === undefined || base.brief.kind === "endless") {
            return "Without a cancellation the program does not come to an end, so there is nothing to compare with.";
        }
        const places = sampled(base.places, mostPlaces);
        if (places.length === 0) {
            return "No task of it ever waits, so there is none to cancel.";
        }
        const findings = new Map<string, Finding>();
        for (const [index, place] of places.entries()) {
            for (const fault of await runs.cancel(inputs, place)) {
                const key = `${fault.kind}\n${fault.words}`;
                const finding = findings.get(key) ?? { kind: fault.kind, words: fault.words, faults: [] };
                findings.set(key, finding);
                finding.faults.push(fault);
            }
            task.progress((index + 1) / places.length);
        }
        results.replaceChildren(...[...findings.values()].map((finding) => findingElement(finding, { ...inputs, permuteReady })));
        const tried = places.length < base.places.length ? `${count(places.length, "moment")} of ${base.places.length.toLocaleString("en")}` : count(places.length, "moment");
        return findings.size === 0
            ? `${tried}: a cancellation at any of them leaves nothing behind.`
            : `${tried}: ${count(findings.size, "kind")} of trouble.`;
    }

    /** What went wrong, and the lines at which a cancellation leads to it. */
    function findingElement({ kind, words, faults }: Finding, choices: Parameters<typeof show>[1]): HTMLElement {
        const byLine = new Map<string, Fault[]>();
        for (const fault of faults) {
            const line = `line ${fault.place.line} of ${fault.place.function}`;
            byLine.set(line, [...(byLine.get(line) ?? []), fault]);
        }
        const lines = [...byLine].map(([line, ones]) => {
            const { place } = ones[0]!;
            const which = `${place.name}, ${place.state === "waiting" ? "while it waits" : place.state === "ready" ? "as it goes on" : "before it begins"}`;
            const made = button(`Show: ${words}, cancelled at ${line}`, {}, () => void showFault(place, choices), "Show");
            made.setAttribute("aria-label", `Show: ${words}, cancelled at ${line}`);
            return element("li", {}, element("span", {}, `Cancelled at ${line}`, element("span", { class: "when" }, `${which}${ones.length > 1 ? `; and ${count(ones.length - 1, "other moment")}` : ""}`)), made);
        });
        return element("section", { "aria-label": `${titles[kind]}: ${words}` }, element("h3", { class: "failed" }, titles[kind]), element("p", {}, `${words[0]!.toUpperCase()}${words.slice(1)}.`), element("ul", {}, ...lines));
    }

    async function showFault({ step, task: id }: Injection, choices: Parameters<typeof show>[1]): Promise<void> {
        if (await show(workbench, { ...choices, injections: [{ step, task: id }] }, step)) {
            workbench.select(id);
        }
    }

    return element("section", { "aria-label": "Cancel everywhere" },
        element("h3", {}, "Everywhere"),
        element("p", { class: "note" }, "Repeats the run with one cancellation, at every await of every task: as it begins to wait, and as it goes on. Lists what is left behind that is not without it."),
        element("div", { class: "controls" }, task.start, task.stop, task.bar),
        task.status, results);
}
