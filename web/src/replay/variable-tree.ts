/** Variables as nested lists: what has something inside is a button that opens it. What is open stays so from step to step. */

import { element, icon } from "../elements.ts";
import type { Variable } from "./variables.ts";

const arrow = "M6 4l4 4-4 4";

export class VariableTree {
    readonly #open = new Set<string>();
    #focused: string | undefined;
    #buttons = new Map<string, HTMLButtonElement>();

    forget(): void {
        this.#open.clear();
    }

    /** Between these two all lists are made anew: the focus stays with its variable. */
    begin(): void {
        this.#focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["variable"] : undefined;
        this.#buttons = new Map();
    }

    end(): void {
        if (this.#focused !== undefined) {
            this.#buttons.get(this.#focused)?.focus();
        }
    }

    list(variables: readonly Variable[], key: string, label?: string): HTMLUListElement {
        return element("ul", { "aria-label": label }, ...variables.map((variable) => this.#item(variable, `${key}.${variable.name}`)));
    }

    #item(variable: Variable, key: string): HTMLLIElement {
        const { name, type, text, children, changed } = variable;
        const value = element("span", { class: "value" }, text);
        if (changed) {
            value.append(element("span", { class: "changed" }, "changed"));
        }
        const words = [element("span", { class: "name" }, name), value, element("span", { class: "type" }, type)];
        if (children.length === 0) {
            return element("li", {}, element("div", { class: "row" }, ...words));
        }
        const item = element("li");
        const row = element("button", { type: "button", class: "row", "data-variable": key }, icon(arrow, 12), ...words);
        const show = (open: boolean) => this.#show(item, row, variable, key, open);
        row.addEventListener("click", () => show(!this.#open.has(key)));
        row.addEventListener("keydown", (event) => {
            if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
                show(event.key === "ArrowRight");
                event.preventDefault();
                event.stopPropagation();
            }
        });
        item.append(row);
        this.#buttons.set(key, row);
        show(this.#open.has(key));
        return item;
    }

    #show(item: HTMLLIElement, row: HTMLButtonElement, { children }: Variable, key: string, open: boolean): void {
        row.setAttribute("aria-expanded", String(open));
        if (open && item.children.length === 1) {
            item.append(this.list(children, key));
        } else if (!open && item.children.length > 1) {
            item.lastElementChild!.remove();
        }
        if (open) {
            this.#open.add(key);
        } else {
            this.#open.delete(key);
        }
    }
}
