/** The things on the timeline that can be pointed at, moved between with the arrow keys, and told in words. */

import { baseName, duration, instant } from "./format.ts";
import { firstIndex } from "./timeline-geometry.ts";
import type { Frame, Mark, MarkKind, Span, Task, TimelineModel } from "./timeline-model.ts";

export type Item =
    | { type: "task"; task: Task }
    | { type: "frame"; task: Task; frame: Frame }
    | { type: "span"; task: Task; span: Span }
    | { type: "mark"; task: Task; mark: Mark };

export function itemTimes(item: Item): { start: number; end: number; lane: number } {
    switch (item.type) {
        case "task":
            return { start: item.task.created, end: item.task.end, lane: 0 };
        case "frame":
            return item.frame;
        case "span":
            return item.span;
        case "mark":
            return { start: item.mark.time, end: item.mark.time, lane: item.mark.lane };
    }
}

export function sameItem(a: Item | undefined, b: Item | undefined): boolean {
    return identity(a) === identity(b);
}

function identity(item: Item | undefined): unknown {
    switch (item?.type) {
        case "task":
            return item.task;
        case "frame":
            return item.frame;
        case "span":
            return item.span;
        case "mark":
            return item.mark;
        default:
            return undefined;
    }
}

/** The id of its place in the source. */
export function siteOf(item: Item): number {
    switch (item.type) {
        case "task":
            return item.task.site;
        case "frame":
            return item.frame.site;
        case "span":
            return item.span.site;
        case "mark":
            return item.mark.site;
    }
}

/** What the left and right arrows go through: the task, then all that happened to it, in time. */
export function itemsOf(task: Task): Item[] {
    const rest: Item[] = [
        ...task.frames.map((frame): Item => ({ type: "frame", task, frame })),
        ...task.spans.filter((span) => span.end > span.start).map((span): Item => ({ type: "span", task, span })),
        ...task.marks.map((mark): Item => ({ type: "mark", task, mark })),
    ];
    const order = { task: 0, frame: 1, span: 2, mark: 3 };
    rest.sort((a, b) => itemTimes(a).start - itemTimes(b).start || order[a.type] - order[b.type]);
    return [{ type: "task", task }, ...rest];
}

/** What a task has in a lane at a time, give or take `slack` seconds: a sign before a bar, a bar before its coroutine. */
export function itemAt(task: Task, lane: number, time: number, slack: number): Item | undefined {
    const mark = task.marks.find((candidate) => candidate.lane === lane && Math.abs(candidate.time - time) <= 4 * slack);
    if (mark !== undefined) {
        return { type: "mark", task, mark };
    }
    const { spans, frames } = task;
    for (let i = firstIndex(spans.length, (k) => spans[k]!.end >= time - slack); i < spans.length && spans[i]!.start <= time + slack; i++) {
        const span = spans[i]!;
        /* A step that took no time has nothing to tell that its neighbours have not. */
        if (span.lane === lane && span.end > span.start) {
            return { type: "span", task, span };
        }
    }
    const frame = frames.find((candidate) => candidate.lane === lane && candidate.start <= time + slack && candidate.end >= time - slack);
    return frame && { type: "frame", task, frame };
}

/** What a task is called, the more telling name first: the program's own, or else that of its coroutine. */
export function taskNames(task: Task): string[] {
    const names = task.named ? [task.name, task.coroutine] : [task.coroutine, task.name];
    return names.filter((name, index) => name !== "" && names.indexOf(name) === index);
}

export function taskTitle(task: Task): string {
    return taskNames(task).join(" ");
}

/** One sentence: what it is, when, where in the source. */
export function describe(item: Item, model: TimelineModel): string {
    const title = taskTitle(item.task);
    switch (item.type) {
        case "task":
            return sentence(title, lifeText(item.task, model), siteText(item.task.site, model));
        case "frame": {
            const { frame } = item;
            const outcome = frame.outcome === undefined || frame.outcome === "value" ? "" : `, ${frame.outcome}`;
            return sentence(title, `awaits ${frame.name} ${period(frame.start, frame.end)}${outcome}`, siteText(frame.site, model));
        }
        case "span": {
            const { span } = item;
            const what = span.wait ? `waits for ${model.waitText(span.wait)}` : span.state;
            return sentence(title, `${what} ${period(span.start, span.end)}`, siteText(span.site, model));
        }
        case "mark": {
            const { mark } = item;
            return sentence(title, markText(mark, model), siteText(mark.site, model));
        }
    }
}

/** What a sign on the timeline means, with its time. */
export function markText(mark: Mark, model: TimelineModel): string {
    const at = `at ${instant(mark.time)}`;
    switch (mark.kind) {
        case "cancel request":
            return `${mark.kind} by ${model.taskName(mark.from)} ${at}${mark.text && `: ${mark.text}`}`;
        case "long step":
            return `blocked the loop for ${mark.text} ${at}`;
        case "never awaited":
            return `called ${mark.text || "a coroutine"} ${at}, which was never awaited`;
        case "never retrieved":
            return `error that nobody retrieved ${at}${mark.text && `: ${mark.text}`}`;
        default:
            return `${mark.kind} ${at}${mark.text && `: ${mark.text}`}`;
    }
}

const pitfalls: readonly MarkKind[] = ["long step", "never awaited", "never retrieved"];

/** What went wrong in a task without ending it: "blocked the loop for 0.3 s at 1.000 s". */
export function pitfallsText(task: Task, model: TimelineModel): string {
    return task.marks.filter(({ kind }) => pitfalls.includes(kind)).map((mark) => markText(mark, model)).join("; ");
}

function lifeText(task: Task, model: TimelineModel): string {
    const parent = task.parent === 0 ? "" : `, created by ${model.taskName(task.parent)}`;
    const result = task.result ? ` ${task.result}` : "";
    const outcome = task.outcome === undefined ? "" : `, ${outcomeText(task)}${task.outcome === "value" ? result : result && `: ${task.result}`}`;
    return `${period(task.created, task.end)}${parent}${outcome}`;
}

export function outcomeText(thing: { outcome: Task["outcome"] }): string {
    return thing.outcome ?? "unfinished";
}

function period(start: number, end: number): string {
    return end === Infinity ? `since ${instant(start)}` : `from ${instant(start)} to ${instant(end)}, ${duration(end - start)}`;
}

function siteText(site: number, model: TimelineModel): string {
    const where = model.site(site);
    return where ? `line ${where.line} of ${baseName(where.file)}` : "";
}

function sentence(...parts: string[]): string {
    return parts.filter((part) => part !== "").join(" · ");
}

/** All that a task or coroutine waited for: "sleep 1 s, semaphore", each once, repeated ones counted. */
export function waitsText(thing: Task | Frame, model: TimelineModel): string {
    const texts = new Map<string, number>();
    for (const { wait, times } of thing.waits) {
        const text = model.waitText(wait);
        texts.set(text, (texts.get(text) ?? 0) + times);
    }
    return [...texts].map(([text, times]) => (times > 1 ? `${times} × ${text}` : text)).join(", ");
}
