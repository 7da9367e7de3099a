/** The race finder: runs the program under many orders, and shows one that ends otherwise beside the ordinary one. */

import "./orders.css";
import { explore, firstDifference, lineOnlyIn, shrink } from "weft/explore";
import type { Group } from "weft/explore";
import { button, element } from "../elements.ts";
import { count, instant } from "../format.ts";
import type { Workbench } from "../workbench.ts";
import type { Ran } from "./program.ts";
import type { Brief } from "./protocol.ts";
import { Runs } from "./runs.ts";
import { Steps } from "./steps.ts";
import type { StepWords } from "./steps.ts";
import { moduleOf, onOtherProgram, show } from "./subject-runs.ts";
import { Task } from "./task.ts";

const shownEndings = 30;
/* How many steps before the first that differs are shown, and how many from there on. */
const around = { before: 2, after: 5 };

export function ordersPanel(workbench: Workbench): HTMLElement {
    const seeds = element("input", { type: "number", min: "1", max: "100000", value: "1000", required: true });
    const beyond = element("input", { type: "checkbox", "aria-describedby": "orders-beyond" });
    const outputs = element("input", { type: "checkbox", checked: true });
    const table = element("div");
    const found = element("div");
    const task = new Task("", "Orders", tryAll);

    function name(): void {
        const number = seeds.valueAsNumber;
        task.start.textContent = Number.isInteger(number) && number > 0 ? `Try ${count(number, "order")}` : "Try orders";
    }
    seeds.addEventListener("input", name);
    seeds.addEventListener("keydown", ({ key }) => key === "Enter" && !task.start.hidden && task.start.click());
    name();
    onOtherProgram(workbench, () => {
        task.cancel();
        table.replaceChildren();
        found.replaceChildren();
    });

    async function tryAll(signal: AbortSignal): Promise<string> {
        if (!seeds.reportValidity()) {
            return "";
        }
        table.replaceChildren();
        found.replaceChildren();
        const permuteReady = beyond.checked;
        const module = await moduleOf(workbench);
        const { source, parameters } = workbench.subject;
        const runs = new Runs({ module, parameters, permuteReady, base: document.baseURI, ignoreOutput: !outputs.checked }, source, signal);
        const ordinary = await runs.run({ decisions: [] });
        const outcome = await explore({
            seeds: seeds.valueAsNumber,
            run: async (inputs) => withoutLog(await runs.run(inputs)),
            signal,
            onProgress: (progress) => {
                task.progress(progress.done / progress.count);
                if (progress.done % 50 === 0) {
                    showTable(progress.groups, ordinary, permuteReady);
                }
            },
        });
        signal.throwIfAborted();
        showTable(outcome.groups, ordinary, permuteReady);
        const others = outcome.groups.filter(({ signature }) => signature !== ordinary.signature);
        const worst = others.find((group) => group.outcome.failed) ?? others[0];
        if (worst !== undefined) {
            await showWorst(worst, ordinary, runs, permuteReady, signal);
        }
        const alike = outcome.groups.find(({ signature }) => signature === ordinary.signature)?.count ?? 0;
        return others.length === 0
            ? `All ${count(outcome.done, "order")} ended as the ordinary one${ordinary.failed ? `: ${brief(ordinary)}` : ""}.`
            : `${count(outcome.done, "order")}: ${alike.toLocaleString("en")} ended as the ordinary one, ${(outcome.done - alike).toLocaleString("en")} otherwise.`;
    }

    // --- How many ended how ---

    function showTable(groups: readonly Group<Brief>[], ordinary: Brief, permuteReady: boolean): void {
        const rows = groups.slice(0, shownEndings).map((group) =>
            element("tr", {},
                element("td", { class: "number" }, group.count.toLocaleString("en")),
                element("td", { class: group.outcome.failed ? "failed" : "" }, wordsOf(group.outcome, ordinary)),
                element("td", {}, showButton(`seed ${group.seed}`, { seed: group.seed, permuteReady })),
            ));
        table.replaceChildren(
            element("table", { "aria-label": "How many orders ended how" },
                element("thead", {}, element("tr", {}, ...["Runs", "How they ended", "First of them"].map((text) => element("th", { scope: "col" }, text)))),
                element("tbody", {}, ...rows)),
            ...(groups.length > shownEndings ? [element("p", { class: "note" }, `And ${count(groups.length - shownEndings, "other ending")}.`)] : []),
        );
    }

    function showButton(what: string, choices: Parameters<typeof show>[1]): HTMLButtonElement {
        const made = button(`Show ${what}`, {}, () => void show(workbench, choices), "Show");
        made.setAttribute("aria-label", `Show ${what}`);
        return made;
    }

    // --- The one that ends otherwise ---

    async function showWorst(group: Group<Brief>, ordinary: Ran, runs: Runs, permuteReady: boolean, signal: AbortSignal): Promise<void> {
        const short = await shrink(group.outcome.decisions, async (inputs) => withoutLog(await runs.run(inputs)), group.signature, { signal, limit: 500 });
        signal.throwIfAborted();
        const { decisions } = short;
        const run = await runs.run({ decisions });
        const chosen = decisions.filter((decision) => decision > 0).length;
        const heading = element("h3", {}, brief(run));
        if (!short.holds) {
            found.replaceChildren(heading, element("p", {}, "It ends otherwise when its choices are repeated: something else than the order differs from run to run."));
            return;
        }
        found.replaceChildren(
            heading,
            element("p", {}, `${chosen === 1 ? "One choice" : `${chosen} choices`} against the ordinary order ${chosen === 1 ? "is" : "are"} enough. The list is `, element("code", {}, decisions.join(" ")), "."),
            element("p", { class: "actions" }, showButton("the shortest list", { decisions, permuteReady })),
            ...comparison(run, ordinary, { decisions, permuteReady }, permuteReady),
        );
    }

    function comparison(run: Ran, ordinary: Ran, choices: Parameters<typeof show>[1], permuteReady: boolean): HTMLElement[] {
        const step = firstDifference(run.chunks.map(({ bytes }) => bytes), ordinary.chunks.map(({ bytes }) => bytes));
        if (step === null) {
            return [];
        }
        return [
            element("p", {}, `The two runs do the same until step ${step}:`),
            element("div", { class: "beside" },
                column("In this order", run, step, choices),
                column("In the ordinary order", ordinary, step, { permuteReady })),
        ];
    }

    function column(title: string, run: Ran, different: number, choices: Parameters<typeof show>[1]): HTMLElement {
        const steps = Steps.of(run.chunks);
        const list = element("ol", {});
        const last = Math.min(steps.recording.steps, different + around.after);
        for (let step = Math.max(1, different - around.before); step <= last; step++) {
            list.append(element("li", { class: step >= different ? "different" : "" }, stepButton(steps.words(step), () => void show(workbench, choices, step))));
        }
        const end = last === steps.recording.steps ? [element("p", { class: run.failed ? "failed" : "note" }, brief(run))] : [];
        return element("section", { "aria-label": title }, element("h4", {}, title), list, ...end);
    }

    return element("div", { class: "orders" },
        element("div", { class: "controls" },
            task.start, task.stop, task.bar,
            element("label", {}, "Orders", seeds),
            element("label", {}, outputs, "Other lines of output are another ending"),
            element("label", {}, beyond, "Beyond first in, first out"),
            element("span", { id: "orders-beyond", class: "note" }, "which breaks asyncio’s promise: what fails only then is no mistake there")),
        task.status, table, found,
        element("p", { class: "note" }, "Varied is what can come in any order: timers that are due at one moment, and what comes from outside together."));
}

function withoutLog({ chunks: _, ...rest }: Ran): Brief {
    return rest;
}

function brief({ kind, words }: Brief): string {
    return kind === "deadlock" ? "Deadlock" : kind === "ended" ? "Ended" : words.split("\n", 1)[0]!;
}

function wordsOf(outcome: Brief, ordinary: Brief): string {
    if (outcome.signature === ordinary.signature) {
        return `${brief(outcome)}, as in the ordinary order`;
    }
    const other = outcome.failed || ordinary.failed ? undefined : lineOnlyIn(outcome.output, ordinary.output);
    return other === undefined ? brief(outcome) : `Ended, but printed “${other}”`;
}

function stepButton({ step, time, name, line, phrases }: StepWords, onClick: () => void): HTMLButtonElement {
    const what = phrases.slice(0, 4).join(", ");
    return button(`Go to step ${step}`, {}, onClick,
        element("span", { class: "when" }, `Step ${step} · ${instant(time)}`),
        element("span", {}, `${name}${line === undefined ? "" : ` at line ${line}`}${what === "" ? "" : `: ${what}`}`));
}
