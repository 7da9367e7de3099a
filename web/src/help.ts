/** The list of the page's keys: a dialog, opened by its button, by F1 and by "?". */

import "./dialog.css";
import "./help.css";
import { addShortcuts, followKeys, keysOf, keysText, listShortcuts, singleKeys } from "./shortcuts.ts";
import type { Shortcut } from "./shortcuts.ts";

export function setUpHelp(button: HTMLButtonElement): void {
    const groups = make("div", { className: "groups" });
    const single = make("input", { type: "checkbox" });
    single.addEventListener("change", () => (singleKeys.on = single.checked));
    const close = make("button", { type: "button", className: "icon", textContent: "Close" });
    const head = make("div", { className: "head" });
    head.append(make("h2", { id: "keys-heading", textContent: "Keyboard" }), close);
    const choice = make("label");
    choice.append(single, "Keys that are a single character work");
    const scroll = make("div", { className: "scroll", tabIndex: 0, ariaLabel: "Keys" });
    scroll.setAttribute("role", "region");
    scroll.append(groups);
    const dialog = make("dialog", { id: "keys-help" });
    dialog.setAttribute("aria-labelledby", "keys-heading");
    dialog.append(head, scroll, choice);
    document.body.append(dialog);

    const open = () => {
        groups.replaceChildren(...[...listShortcuts()].map(([title, shortcuts]) => groupElement(title, shortcuts)));
        single.checked = singleKeys.on;
        dialog.showModal();
    };
    close.addEventListener("click", () => dialog.close());
    button.addEventListener("click", open);
    /* What is around the dialog's content is its backdrop. */
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    addShortcuts({ keys: ["F1", "?"], words: "Show this list", action: open });
    followKeys(document);
}

function groupElement(title: string, shortcuts: Shortcut[]): HTMLElement {
    const group = make("section");
    const list = make("dl");
    for (const shortcut of shortcuts) {
        const entry = make("div");
        const keys = make("dd");
        keysOf(shortcut).forEach((each, index) => {
            keys.append(...(index > 0 ? [" / "] : []), make("kbd", { textContent: keysText(each) }));
        });
        entry.append(make("dt", { textContent: shortcut.words }), keys);
        list.append(entry);
    }
    group.append(make("h3", { textContent: title }), list);
    return group;
}

function make<Name extends keyof HTMLElementTagNameMap>(
    name: Name,
    properties: Partial<HTMLElementTagNameMap[Name]> = {},
): HTMLElementTagNameMap[Name] {
    return Object.assign(document.createElement(name), properties);
}
