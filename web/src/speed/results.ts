/** The figures as bars and as a table. */

import { element } from "../elements.ts";
import { comparison, isNoisy, nanoseconds, summarize } from "./statistics.ts";
import type { Summary } from "./statistics.ts";
import { subjectTitles, workloads } from "./workloads.ts";
import type { SubjectName } from "./workloads.ts";

/* Python's bar is broken where it is so much longer than the others that they could not be told apart. */
const mostTimesLonger = 4;

export class Results {
    readonly #bars: HTMLElement;
    readonly #table: HTMLTableElement;
    #subjects: readonly SubjectName[] = [];
    readonly #values = new Map<string, number[]>();

    constructor(bars: HTMLElement, table: HTMLTableElement) {
        this.#bars = bars;
        this.#table = table;
    }

    clear(subjects: readonly SubjectName[]): void {
        this.#subjects = subjects;
        this.#values.clear();
        this.#show();
    }

    add(row: string, subject: SubjectName, value: number): void {
        const key = `${row} ${subject}`;
        this.#values.set(key, [...(this.#values.get(key) ?? []), value]);
        this.#show();
    }

    summary(row: string, subject: SubjectName): Summary | undefined {
        const values = this.#values.get(`${row} ${subject}`);
        return values && summarize(values);
    }

    /** All that was measured, for those who copy it. */
    get values(): { row: string; subject: SubjectName; nanoseconds: number[] }[] {
        return workloads.flatMap(({ row }) =>
            this.#subjects.map((subject) => ({ row, subject, nanoseconds: this.#values.get(`${row} ${subject}`) ?? [] })),
        );
    }

    get noisy(): number {
        return workloads.flatMap(({ row }) => this.#subjects.map((subject) => this.summary(row, subject))).filter((summary) => summary && isNoisy(summary)).length;
    }

    #show(): void {
        this.#bars.replaceChildren(...workloads.map(({ row, title, what }) => this.#group(row, title, what)));
        const heads = ["Operation", ...this.#subjects.map((subject) => subjectTitles[subject]), "weft is"];
        const head = element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text))));
        const body = element("tbody", {}, ...workloads.map(({ row, title }) => this.#row(row, title)));
        this.#table.replaceChildren(head, body);
    }

    #group(row: string, title: string, what: string): HTMLElement {
        const words = element("div", { class: "what" }, element("h4", {}, title), element("p", {}, what));
        const bars = element("div", { class: "measured", "aria-hidden": "true" }, ...this.#subjects.map((subject) => this.#bar(row, subject)));
        return element("div", { class: "workload" }, words, bars);
    }

    /** What the whole width stands for. */
    #whole(row: string): number {
        const mosts = this.#subjects.map((subject) => ({ subject, most: this.summary(row, subject)?.most ?? 0 }));
        const others = Math.max(0, ...mosts.filter(({ subject }) => subject !== "python").map(({ most }) => most));
        const all = Math.max(0, ...mosts.map(({ most }) => most));
        return others > 0 ? Math.min(all, others * mostTimesLonger) : all;
    }

    #bar(row: string, subject: SubjectName): HTMLElement {
        const summary = this.summary(row, subject);
        const track = element("span", { class: "track" });
        if (summary !== undefined) {
            const whole = this.#whole(row);
            const percent = (value: number) => `${Math.min(value / whole, 1) * 100}%`;
            const broken = summary.median > whole;
            const bar = element("i", { class: `${subject}${broken ? " broken" : ""}` });
            bar.style.width = percent(summary.median);
            track.append(bar);
            if (!broken && summary.rounds > 1) {
                const range = element("i", { class: "range" });
                range.style.left = percent(summary.least);
                range.style.right = `calc(100% - ${percent(summary.most)})`;
                track.append(range);
            }
        }
        const noisy = summary && isNoisy(summary) ? element("b", { class: "noisy" }, "noisy") : "";
        const figure = element("span", { class: "figure" }, summary === undefined ? "" : nanoseconds(summary.median), " ", noisy);
        return element("div", { class: "bar" }, element("span", { class: "name" }, subjectTitles[subject]), track, figure);
    }

    #row(row: string, title: string): HTMLElement {
        const weft = this.summary(row, "weft");
        const cells = this.#subjects.map((subject) => {
            const summary = this.summary(row, subject);
            if (summary === undefined) {
                return element("td", {}, "–");
            }
            const range = `${nanoseconds(summary.least)} to ${nanoseconds(summary.most)}${isNoisy(summary) ? ", noisy" : ""}`;
            return element("td", {}, nanoseconds(summary.median), " ", element("span", {}, range));
        });
        const compared = this.#subjects
            .filter((subject) => subject !== "weft")
            .flatMap((subject) => {
                const other = this.summary(row, subject);
                return weft && other ? [`${comparison(weft, other)}${this.#subjects.length > 2 ? ` (${subjectTitles[subject]})` : ""}`] : [];
            });
        return element("tr", {}, element("th", { scope: "row" }, title), ...cells, element("td", {}, compared.join(", ") || "–"));
    }
}
