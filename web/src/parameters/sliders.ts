/** A slider for each parameter of the source. What was set stays when the person comes back to the example. */

import "./parameters.css";
import { button, element, icon } from "../elements.ts";
import { shortNumber } from "../format.ts";
import type { Workbench } from "../workbench.ts";
import { declarationsOf, fitting, valueOf } from "./declarations.ts";
import type { Declaration } from "./declarations.ts";

const back = "M3 3v4h4M3.5 7a5 5 0 1 1-.3 3";

export class Sliders {
    readonly #workbench: Workbench;
    readonly #parent: HTMLElement;
    readonly #onMove: (moved: Declaration) => void;
    readonly #remembered = new Map<string, Record<string, number>>();
    #declarations: Declaration[] = [];
    #source: string | undefined;
    #shown = "";
    #updates: (() => void)[] = [];

    /** `onMove` hears of each value that the person chooses, once the workbench has it. */
    constructor(parent: HTMLElement, workbench: Workbench, onMove: (moved: Declaration) => void) {
        this.#parent = parent;
        this.#workbench = workbench;
        this.#onMove = onMove;
        workbench.on("subject", () => this.#follow());
        this.#follow();
    }

    #follow(): void {
        const { source } = this.#workbench.subject;
        if (source !== this.#source) {
            this.#source = source;
            this.#read(source);
        }
        this.#updates.forEach((update) => update());
    }

    /** Another text: what was set stays where it still fits. */
    #read(source: string): void {
        const { example, parameters } = this.#workbench.subject;
        const chosen = Object.keys(parameters).length > 0 ? parameters : (this.#remembered.get(example ?? "") ?? {});
        this.#declarations = declarationsOf(source);
        const shown = JSON.stringify(this.#declarations);
        if (shown !== this.#shown) {
            this.#shown = shown;
            this.#updates = [];
            this.#parent.replaceChildren(...this.#declarations.map((declaration) => this.#row(declaration)));
        }
        this.#set(fitting(this.#declarations, chosen));
    }

    #set(parameters: Record<string, number>): void {
        if (JSON.stringify(parameters) !== JSON.stringify(this.#workbench.subject.parameters)) {
            this.#workbench.change({ parameters });
        }
    }

    #value(declaration: Declaration): number {
        return valueOf(declaration, this.#workbench.subject.parameters);
    }

    #choose(declaration: Declaration, value: number): void {
        const { example, parameters } = this.#workbench.subject;
        const chosen = fitting(this.#declarations, { ...parameters, [declaration.name]: value });
        this.#remembered.set(example ?? "", chosen);
        this.#set(chosen);
        this.#onMove(declaration);
    }

    #row(declaration: Declaration): HTMLElement {
        const { label, value } = declaration;
        const reset = button(`Reset ${label}`, { class: "reset" }, () => this.#choose(declaration, value), icon(back, 12));
        this.#updates.push(() => {
            reset.style.visibility = this.#value(declaration) === value ? "hidden" : "visible";
        });
        const inputs = declaration.type === "bool" ? [this.#checkbox(declaration)] : this.#numbers(declaration);
        return element("div", { class: "parameter", role: "group", "aria-label": label }, element("span", {}, label), ...inputs, reset);
    }

    #checkbox(declaration: Declaration): HTMLElement {
        const input = element("input", { type: "checkbox", name: declaration.name, "aria-label": declaration.label });
        input.addEventListener("change", () => this.#choose(declaration, Number(input.checked)));
        this.#updates.push(() => (input.checked = this.#value(declaration) !== 0));
        return input;
    }

    /** The slider, and the same as a number to be typed. */
    #numbers(declaration: Declaration): HTMLElement[] {
        const { name, label, unit, value, least, most, step } = declaration;
        const limits = { min: String(least), max: String(most) };
        const slider = element("input", { type: "range", name, "aria-label": label, ...limits, step: String(step) });
        const number = element("input", { type: "number", "aria-label": `${label}, number${unit && ` in ${unit}`}`, ...limits, step: String(step) });
        const digits = [least, most, least + step, value].map((each) => shortNumber(each).length);
        number.style.setProperty("--digits", String(Math.max(...digits)));
        slider.addEventListener("input", () => this.#choose(declaration, slider.valueAsNumber));
        number.addEventListener("change", () => {
            const typed = Math.min(Math.max(number.valueAsNumber, least), most);
            const whole = declaration.type === "int" ? Math.round(typed) : typed;
            this.#choose(declaration, Number.isNaN(whole) ? this.#value(declaration) : whole);
            number.value = String(this.#value(declaration));
        });
        this.#updates.push(() => {
            const now = this.#value(declaration);
            slider.value = String(now);
            slider.setAttribute("aria-valuetext", `${shortNumber(now)}${unit && ` ${unit}`}`);
            slider.style.setProperty("--share", String((now - least) / (most - least || 1)));
            if (number.valueAsNumber !== now) {
                number.value = String(now);
            }
        });
        return [slider, element("span", { class: "value" }, number, unit)];
    }
}
