/** Why the selected task does not go on, in sentences that lead to what they name; deadlocks named and drawn. */

import { element } from "../elements.ts";
import { count } from "../format.ts";
import type { Workbench } from "../workbench.ts";
import { drawCycle } from "./cycle-picture.ts";
import { deadlocksOf, findDeadlocks } from "./deadlock.ts";
import type { Deadlock } from "./deadlock.ts";
import { explain, nameDeadlock } from "./explain.ts";
import type { Instant } from "./instant.ts";
import { follow, instantOf, Redrawn, written } from "./panel.ts";
import type { Links } from "./panel.ts";
import { taskTitle } from "./words.ts";

export function whyPanel(workbench: Workbench, links: Partial<Links> = {}): HTMLElement {
    const all: Links = { task: (id) => workbench.select(id), ...links };
    const panel = element("div", { class: "why" });
    const { ask } = new Redrawn(panel, () => {
        const instant = instantOf(workbench);
        return instant === undefined ? [hint("Run a program, then click a waiting bar of its timeline.")] : contents(instant, workbench.selected, all);
    });
    follow(workbench, ask);
    return panel;
}

function hint(text: string): HTMLElement {
    return element("p", { class: "hint" }, text);
}

function contents(instant: Instant, selected: number | undefined, links: Links): Node[] {
    const task = selected === undefined ? undefined : instant.task(selected);
    const deadlocks = task === undefined ? findDeadlocks(instant) : deadlocksOf(instant, task.id);
    const pictures = deadlocks.map((deadlock) => figure(instant, deadlock, links));
    if (task === undefined) {
        const words = selected === undefined ? "Select a task, or click a waiting bar of the timeline." : "The selected task has not been created yet.";
        return [hint(words), ...pictures];
    }
    const question = task.status === "waiting" ? `Why ${taskTitle(task)} waits` : taskTitle(task);
    const sentences = explain(instant, task.id).map((sentence) => element("p", {}, ...written(sentence, links, instant)));
    return [element("h4", {}, question), element("div", { class: "answer" }, ...sentences), ...pictures];
}

function figure(instant: Instant, deadlock: Deadlock, links: Links): HTMLElement {
    const title = deadlock.kind === "starved" ? "Nobody is left to wake them" : deadlock.links.length === 1 ? "Deadlock: a task waits for itself" : `Deadlock of ${count(deadlock.links.length, "task")}`;
    const sentences = nameDeadlock(instant, deadlock).map((sentence) => element("li", {}, ...written(sentence, links, instant)));
    const picture = drawCycle(instant, deadlock);
    return element("figure", { class: "deadlock" }, element("figcaption", {}, title), ...(picture ? [picture] : []), element("ol", {}, ...sentences));
}
