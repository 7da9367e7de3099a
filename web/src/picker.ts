/**
 * The choice of an example: a button that opens the list of all, group by group, and a step to either side.
 * All are links to `#name` of this page, which follows its address.
 */

import type { Example, Group } from "./examples.ts";

interface Parts {
    button: HTMLElement;
    list: HTMLElement;
    previous: HTMLAnchorElement;
    next: HTMLAnchorElement;
}

export class Picker {
    readonly #parts: Parts;
    #examples: Example[] = [];

    constructor(parts: Parts) {
        this.#parts = parts;
        const { list } = parts;
        list.addEventListener("click", (event) => {
            if ((event.target as Element).closest("a") !== null) {
                list.hidePopover();
            }
        });
        list.addEventListener("keydown", (event) => this.#key(event));
    }

    show(groups: Group[]): void {
        this.#examples = groups.flatMap(({ examples }) => examples);
        this.#parts.list.firstElementChild!.replaceChildren(...groups.map(groupElement));
    }

    /** Undefined: a program from elsewhere is shown, beside which the first and the last example are. */
    select(example: Example | undefined): void {
        const { button, previous, next } = this.#parts;
        const count = this.#examples.length;
        const place = example === undefined ? -1 : this.#examples.indexOf(example);
        if (example === undefined) {
            button.replaceChildren(`Choose one of ${count} examples`);
        } else {
            button.replaceChildren(`Example ${place + 1} of ${count}: `, element("code", example.name));
        }
        leadTo(previous, "Previous", this.#examples.at(place < 1 ? count - 1 : place - 1)!);
        leadTo(next, "Next", this.#examples[(place + 1) % count]!);
        this.#links().forEach((link, index) => {
            /* Where the focus goes when the list opens. */
            link.autofocus = index === place;
            if (index === place) {
                link.setAttribute("aria-current", "page");
            } else {
                link.removeAttribute("aria-current");
            }
        });
    }

    #links(): HTMLAnchorElement[] {
        return [...this.#parts.list.querySelectorAll("a")];
    }

    /** The arrow keys go through the list as Tab does. */
    #key(event: KeyboardEvent): void {
        const links = this.#links();
        const current = links.findIndex((link) => link === document.activeElement);
        const steps: Record<string, number> = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: -1 };
        const next = steps[event.key];
        if (next !== undefined) {
            links.at(next % links.length)?.focus();
            event.preventDefault();
        }
    }
}

function groupElement({ title, examples }: Group): HTMLElement {
    const group = document.createElement("section");
    const items = document.createElement("ol");
    items.append(...examples.map(itemElement));
    group.append(element("h2", title), items);
    return group;
}

function itemElement({ name, title, look }: Example): HTMLElement {
    const item = document.createElement("li");
    const link = element("a", title);
    link.href = addressOf(name);
    const sentence = element("p", look);
    sentence.id = `look-${name}`;
    link.setAttribute("aria-describedby", sentence.id);
    item.append(link, element("code", name), sentence);
    return item;
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, text: string): HTMLElementTagNameMap[Name] {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
}

/* Whole, since a bare fragment means a place in the page, also to those who check it for accessibility. */
function addressOf(name: string): string {
    return new URL(`#${name}`, location.href).href;
}

function leadTo(link: HTMLAnchorElement, way: string, { name, title }: Example): void {
    link.href = addressOf(name);
    link.title = `${way}: ${title}`;
    link.setAttribute("aria-label", `${way} example`);
}
