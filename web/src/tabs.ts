/** The list of examples: tabs, moved through with the arrow keys. */

export class Tabs {
    readonly #list: HTMLElement;
    readonly #onSelect: (name: string) => void;

    constructor(list: HTMLElement, onSelect: (name: string) => void) {
        this.#list = list;
        this.#onSelect = onSelect;
        list.addEventListener("keydown", (event) => this.#key(event));
    }

    show(names: string[], panel: string): void {
        this.#list.replaceChildren(
            ...names.map((name) => {
                const tab = document.createElement("button");
                tab.type = "button";
                tab.role = "tab";
                tab.id = `example-${name}`;
                tab.textContent = name;
                tab.setAttribute("aria-controls", panel);
                tab.addEventListener("click", () => this.select(name));
                return tab;
            }),
        );
    }

    select(name: string): void {
        for (const tab of this.#tabs()) {
            const selected = tab.textContent === name;
            tab.setAttribute("aria-selected", String(selected));
            tab.tabIndex = selected ? 0 : -1;
        }
        this.#onSelect(name);
    }

    #tabs(): HTMLButtonElement[] {
        return [...this.#list.querySelectorAll("button")];
    }

    #key(event: KeyboardEvent): void {
        const tabs = this.#tabs();
        const current = tabs.findIndex((tab) => tab === document.activeElement);
        const steps: Record<string, number> = { ArrowRight: current + 1, ArrowDown: current + 1, ArrowLeft: current - 1, ArrowUp: current - 1, Home: 0, End: -1 };
        const next = steps[event.key];
        if (next !== undefined && current >= 0) {
            const tab = tabs.at(next % tabs.length)!;
            tab.focus();
            this.select(tab.textContent);
            event.preventDefault();
        }
    }
}
