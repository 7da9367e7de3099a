/** The panels beside the output: tabs, of which one is shown. */

import "./panels.css";

export interface Panel {
    id: string;
    title: string;
    element: HTMLElement;
}

export class Panels {
    readonly #tabs: HTMLElement;
    readonly #bodies: HTMLElement;
    readonly #parts = new Map<string, { tab: HTMLButtonElement; body: HTMLElement }>();
    #shown: string | undefined;
    readonly #listeners = new Set<(id: string) => void>();

    /** The places for tabs and bodies are in the document already, so that nothing moves when they are filled. */
    constructor(parent: HTMLElement) {
        this.#tabs = parent.querySelector<HTMLElement>("[role=tablist]")!;
        this.#bodies = parent.querySelector<HTMLElement>(".bodies")!;
        this.#tabs.addEventListener("keydown", (event) => this.#key(event));
    }

    /** The first one that is added is shown. */
    add({ id, title, element }: Panel): void {
        const tab = document.createElement("button");
        tab.type = "button";
        tab.id = `tab-${id}`;
        tab.textContent = title;
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-controls", `panel-${id}`);
        tab.addEventListener("click", () => this.show(id));
        const body = document.createElement("div");
        body.id = `panel-${id}`;
        body.className = "panel-body";
        body.setAttribute("role", "tabpanel");
        body.setAttribute("aria-labelledby", tab.id);
        body.tabIndex = 0;
        body.append(element);
        this.#parts.set(id, { tab, body });
        this.#tabs.append(tab);
        this.#bodies.append(body);
        this.#shown ??= id;
        this.#update();
    }

    get shown(): string | undefined {
        return this.#shown;
    }

    show(id: string): void {
        if (this.#parts.has(id) && id !== this.#shown) {
            this.#shown = id;
            this.#update();
            this.#listeners.forEach((listener) => listener(id));
        }
    }

    /** Hears which panel is shown: one that is not need not follow the run. */
    onShow(listener: (id: string) => void): void {
        this.#listeners.add(listener);
    }

    #update(): void {
        for (const [id, { tab, body }] of this.#parts) {
            const shown = id === this.#shown;
            tab.setAttribute("aria-selected", String(shown));
            tab.tabIndex = shown ? 0 : -1;
            body.hidden = !shown;
            if (shown) {
                this.#reveal(tab);
            }
        }
    }

    /** The tabs may be scrolled sideways; the page itself stays where it is. */
    #reveal({ offsetLeft, offsetWidth }: HTMLElement): void {
        const margin = 24; /* some of the neighbour, to show that there is one */
        const { scrollLeft, clientWidth } = this.#tabs;
        this.#tabs.scrollLeft = Math.min(Math.max(scrollLeft, offsetLeft + offsetWidth + margin - clientWidth), offsetLeft - margin);
    }

    /** The arrow keys choose, as tabs do everywhere. */
    #key(event: KeyboardEvent): void {
        const ids = [...this.#parts.keys()];
        const current = ids.indexOf(this.#shown ?? "");
        const places: Record<string, number> = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: -1 };
        const place = places[event.key];
        if (place !== undefined) {
            const id = ids.at(place % ids.length)!;
            this.show(id);
            this.#parts.get(id)!.tab.focus();
            event.preventDefault();
        }
    }
}
