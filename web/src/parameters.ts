/** The sliders of an example. What was set stays when the person comes back to the example. */

import type { Example, Parameter } from "./examples.ts";
import { shortNumber } from "./format.ts";
import type { Workbench } from "./workbench.ts";

export class Parameters {
    readonly #parent: HTMLElement;
    readonly #chosen = new Map<string, number>();
    readonly #workbench: Workbench;

    constructor(parent: HTMLElement, workbench: Workbench) {
        this.#parent = parent;
        this.#workbench = workbench;
    }

    show(example: Example): void {
        this.#workbench.change({ parameters: this.#values(example) });
        this.#parent.replaceChildren(...example.parameters.map((parameter) => this.#slider(example, parameter)));
    }

    /** The coroutine's fields as the sliders stand. */
    #values(example: Example): Record<string, number> {
        return Object.fromEntries(example.parameters.map((parameter) => [parameter.field, this.#value(example, parameter)]));
    }

    #value(example: Example, parameter: Parameter): number {
        return this.#chosen.get(`${example.name} ${parameter.field}`) ?? parameter.value;
    }

    #slider(example: Example, parameter: Parameter): HTMLElement {
        const label = document.createElement("label");
        const name = document.createElement("span");
        name.textContent = parameter.label;
        const shown = document.createElement("span");
        shown.className = "value";
        const input = document.createElement("input");
        input.type = "range";
        input.name = parameter.field;
        input.min = String(parameter.min);
        input.max = String(parameter.max);
        input.step = String(parameter.step);
        input.value = String(this.#value(example, parameter));
        input.setAttribute("aria-label", parameter.label);
        const update = () => {
            const value = input.valueAsNumber;
            this.#chosen.set(`${example.name} ${parameter.field}`, value);
            const text = `${shortNumber(value)}${parameter.unit ? ` ${parameter.unit}` : ""}`;
            shown.textContent = text;
            input.setAttribute("aria-valuetext", text);
            input.style.setProperty("--share", String((value - parameter.min) / (parameter.max - parameter.min || 1)));
        };
        input.addEventListener("input", () => {
            update();
            this.#workbench.change({ parameters: this.#values(example) });
        });
        update();
        label.append(name, shown, input);
        return label;
    }
}
