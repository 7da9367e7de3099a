/** The state at one step: who awaits whom, who runs next, what the clock will do, who holds what and who waits for it. */

import { element } from "../elements.ts";
import { count, instant as timeText } from "../format.ts";
import type { Workbench } from "../workbench.ts";
import { findDeadlocks } from "./deadlock.ts";
import type { Instant } from "./instant.ts";
import { follow, instantOf, link, Redrawn, written } from "./panel.ts";
import type { Links } from "./panel.ts";
import type { ObjectState } from "./state.ts";
import { briefly, taskTree } from "./tree.ts";
import type { Branch } from "./tree.ts";
import { Words } from "./words.ts";
import type { Sentence } from "./words.ts";

/* More than anyone reads; the rest is counted. */
const most = 100;

export interface StateLinks extends Partial<Links> {
    /** Shows why the selected task waits. */
    why?: () => void;
}

export function statePanel(workbench: Workbench, { why, ...links }: StateLinks = {}): HTMLElement {
    const panel = element("div", { class: "state" });
    const all: Links = { task: (id) => workbench.select(id), ...links };
    const { ask } = new Redrawn(panel, () => {
        const instant = instantOf(workbench);
        return instant === undefined
            ? [element("p", { class: "hint" }, "Run a program: its state at every step is shown here.")]
            : new View(instant, { ...all, selected: workbench.selected }, why).contents();
    });
    follow(workbench, ask);
    return panel;
}

class View {
    readonly #instant: Instant;
    readonly #words: Words;
    readonly #links: Links;
    readonly #why: (() => void) | undefined;

    constructor(instant: Instant, links: Links, why: (() => void) | undefined) {
        this.#instant = instant;
        this.#words = new Words(instant);
        this.#links = links;
        this.#why = why;
    }

    contents(): Node[] {
        const { step, time } = this.#instant;
        const where = element("p", { class: "where" }, step === 0 ? "Before the first step" : `Step ${step.toLocaleString("en")} is made`, ` · ${timeText(time)}`);
        return [where, ...this.#deadlocks(), this.#tasks(), this.#ready(), this.#timers(), this.#objects()];
    }

    #task(id: number): (string | Node)[] {
        return this.#sentence([this.#words.task(id)]);
    }

    #sentence(sentence: Sentence): (string | Node)[] {
        return written(sentence, this.#links, this.#instant);
    }

    #deadlocks(): Node[] {
        return findDeadlocks(this.#instant).map(({ kind, links }) => {
            const names = this.#words.taskList(links.map(({ task }) => task));
            const words = kind === "starved" ? " cannot be woken any more" : links.length === 1 ? " waits for itself: a deadlock" : " wait for each other: a deadlock";
            const show = () => {
                this.#links.task(links[0]!.task);
                this.#why?.();
            };
            return element("p", { class: "alarm" }, ...this.#sentence(names), words, ". ", link("Why", `deadlock ${links[0]!.task}`, show));
        });
    }

    /** A part with a heading that counts it; nothing to show is said in words. */
    #section(title: string, number: number, none: string, ...body: Node[]): HTMLElement {
        const heading = element("h4", {}, title, " ", element("span", { class: "number" }, number.toLocaleString("en")));
        return element("section", { "aria-label": title }, heading, ...(number === 0 ? [element("p", { class: "hint" }, none)] : body));
    }

    #more(number: number): Node[] {
        return number <= most ? [] : [element("p", { class: "hint" }, `and ${count(number - most, "more", "more")}`)];
    }

    // --- Tasks ---

    #tasks(): HTMLElement {
        const { tree, number } = taskTree(this.#instant, most);
        const ended = this.#instant.tasks.length - number;
        const list = element("ul", { class: "tree" }, ...tree.map((branch) => this.#branch(branch)));
        const past = ended === 0 ? [] : [element("p", { class: "hint" }, `${count(ended, "task")} ended before.`)];
        return this.#section("Tasks", number, ended === 0 ? "None has been created yet." : `All ${ended.toLocaleString("en")} have ended.`, list, ...this.#more(number), ...past);
    }

    #branch({ task, children }: Branch): HTMLElement {
        const below = children.length === 0 ? [] : [element("ul", {}, ...children.map((child) => this.#branch(child)))];
        const text = element("span", { class: "doing" }, ...this.#sentence(briefly(this.#words, task)));
        return element("li", { "data-status": task.status }, ...this.#task(task.id), " ", text, ...below);
    }

    #ready(): HTMLElement {
        const { ready } = this.#instant;
        const items = ready.slice(0, most).map((id) => element("li", {}, ...this.#task(id)));
        return this.#section("Ready queue", ready.length, "Nobody is ready.", element("ol", { class: "queue" }, ...items), ...this.#more(ready.length));
    }

    // --- The clock ---

    #timers(): HTMLElement {
        const { timers } = this.#instant;
        const rows = timers.slice(0, most).map(({ when, what, task, id }) => {
            const site = this.#instant.object(id)?.site ?? 0;
            const line = site === 0 ? [] : [" of ", this.#words.line(site)];
            return element("tr", {}, element("th", { scope: "row" }, timeText(when)), element("td", {}, ...this.#sentence([timerNames[what], ...line])), element("td", {}, ...this.#task(task)));
        });
        const head = element("thead", { class: "unseen" }, element("tr", {}, ...["When", "What", "Task"].map((text) => element("th", { scope: "col" }, text))));
        return this.#section("Timers", timers.length, "No timer is armed.", element("table", { "aria-label": "Timers" }, head, element("tbody", {}, ...rows)), ...this.#more(timers.length));
    }

    // --- Objects ---

    #objects(): HTMLElement {
        const shown = this.#instant.objects.filter((object) => this.#isShown(object));
        const items = shown.slice(0, most).map((object) => this.#object(object));
        return this.#section("Locks, queues and the like", shown.length, "None is in use.", element("ul", { class: "objects" }, ...items), ...this.#more(shown.length));
    }

    #isShown({ type, done, id }: ObjectState): boolean {
        switch (type) {
            case "semaphore":
            case "lock":
            case "event":
            case "condition":
            case "barrier":
            case "queue":
                return true;
            case "thread":
            case "promise":
            case "operation":
                return !done;
            case "future":
                return !done && this.#instant.waiters(id).length > 0;
            default:
                return false;
        }
    }

    #object(object: ObjectState): HTMLElement {
        const { holders, id } = object;
        const waiters = this.#instant.waiters(id);
        const held = holders.map(({ task, since }): Sentence => [this.#words.task(task), ` since ${timeText(since.time)}`]);
        const parts = [
            ...(held.length === 0 ? [] : [element("div", {}, "held by ", ...this.#sentence(this.#words.some(held)))]),
            ...(waiters.length === 0 ? [] : [element("div", {}, `${waiters.length.toLocaleString("en")} waiting: `, ...this.#sentence(this.#words.taskList(waiters.map((waiter) => waiter.id))))]),
        ];
        return element("li", { "data-object": String(id) }, element("strong", {}, this.#words.objectName(id)), ` ${amount(object)}`, ...parts);
    }
}

const timerNames = { sleep: "end of a sleep", timeout: "timeout", limit: "limit of a wait", call: "call" } as const;

function amount({ type, value, initial, holders }: ObjectState): string {
    switch (type) {
        case "semaphore":
            return initial === 0 ? count(value, "permit") : `${value.toLocaleString("en")} of ${count(initial, "permit")} left`;
        case "lock":
            return holders.length === 0 ? "is free" : "is locked";
        case "event":
            return value === 1 ? "is set" : "is not set";
        case "barrier":
            return `for ${count(initial, "party", "parties")}`;
        case "queue":
            return initial === 0 ? count(value, "value") : `${value.toLocaleString("en")} of ${count(initial, "value")} at most`;
        default:
            return "";
    }
}

