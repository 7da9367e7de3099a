/**
 * The page's keys. Whoever has a key for something adds it here, which both makes it work and lists it in the help, so that the list
 * is complete. A part that handles its own keys while it has the focus, as the editor does, lists them without an action.
 *
 * Keys are written as for aria-keyshortcuts: "Control+Enter", "Shift+F8", "Alt+ArrowLeft", "Space", "?". Control is also Command on a Mac.
 * No key is taken from who has the focus: one that a part prevented from its default is not looked at, plain ones do not act where
 * they mean something, in text, on sliders and buttons. No key of the browser is taken at all.
 */

export interface Shortcut {
    /** The first of several is the one that is named where there is room for one only. */
    keys: string | readonly string[];
    /** What it does, for the help: "Run the program". */
    words: string;
    /** Without one, the part that lists it handles it. */
    action?: () => unknown;
    /** Whether it can act now; if not, the key goes on to whoever else wants it. */
    when?: () => boolean;
    /** The heading in the help below which it stands: "Page" if not said. */
    group?: string;
}

const shortcuts = new Set<Shortcut>();

/** Gives what takes them away again. */
export function addShortcuts(...added: Shortcut[]): () => void {
    for (const shortcut of added) {
        for (const keys of keysOf(shortcut)) {
            check(shortcut, normal(keys));
        }
        shortcuts.add(shortcut);
    }
    return () => added.forEach((shortcut) => shortcuts.delete(shortcut));
}

/** All that are there now, by their headings, in the order in which they were added; the page's own come first. */
export function listShortcuts(): Map<string, Shortcut[]> {
    const groups = new Map<string, Shortcut[]>([["Page", []]]);
    for (const shortcut of shortcuts) {
        const group = shortcut.group ?? "Page";
        groups.set(group, [...(groups.get(group) ?? []), shortcut]);
    }
    return groups;
}

export function keysOf({ keys }: Shortcut): readonly string[] {
    return typeof keys === "string" ? [keys] : keys;
}

/* --- Keys as text --- */

const modifiers = ["Control", "Alt", "Shift", "Meta"];

function split(keys: string): { held: string[]; key: string } {
    const parts = keys.split(/\+(?!$)/);
    return { held: parts.slice(0, -1), key: parts.at(-1)! };
}

/** One spelling for each: letters small, modifiers in one order. */
function normal(keys: string): string {
    const { held, key } = split(keys);
    return [...modifiers.filter((modifier) => held.includes(modifier)), key.length === 1 ? key.toLowerCase() : key].join("+");
}

const words = new Map([
    ["Control", "Ctrl"], ["ArrowLeft", "←"], ["ArrowRight", "→"], ["ArrowUp", "↑"], ["ArrowDown", "↓"],
    ["PageUp", "Page up"], ["PageDown", "Page down"], ["Escape", "Esc"], ["-", "−"],
]);
const onMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** What stands on the keys: "Ctrl+Enter". A chord, one key after another, has a space: "Ctrl+K Ctrl+I". */
export function keysText(keys: string): string {
    return keys.split(" ").map(chordText).join(" ");
}

function chordText(keys: string): string {
    const { held, key } = split(keys);
    const names = [...held, key].map((name) => (name === "Control" && onMac ? "⌘" : (words.get(name) ?? name)));
    return [...names.slice(0, -1), key.length === 1 ? names.at(-1)!.toUpperCase() : names.at(-1)!].join("+");
}

/* --- What may not be taken --- */

const browserKeys = new Set([
    ..."123456789abcdefghijklmnopqrstuvwxyz0+-=".split("").map((key) => `Control+${key}`),
    ..."cijknopt".split("").map((key) => `Control+Shift+${key}`),
    ..."F3 F5 F6 F7 F11 F12 Tab Alt+ArrowLeft Alt+ArrowRight Alt+Home Alt+d Alt+e Alt+f Control+Tab Control+F4 Control+F5".split(" "),
]);

function check(shortcut: Shortcut, keys: string): void {
    if (shortcut.action === undefined) {
        return;
    }
    if (browserKeys.has(keys)) {
        throw new Error(`${keys} belongs to the browser: it cannot be "${shortcut.words}"`);
    }
    for (const other of shortcuts) {
        const meets = other.action !== undefined && keysOf(other).some((taken) => normal(taken) === keys);
        if (meets && (other.when === undefined || shortcut.when === undefined)) {
            throw new Error(`${keys} is "${other.words}": it cannot be "${shortcut.words}" at the same time`);
        }
    }
}

/* --- Acting --- */

function pressed(event: KeyboardEvent): string {
    const plain = event.getModifierState("AltGraph");
    const single = event.key.length === 1;
    /* A character such as "?" may need Shift or AltGr, a letter with Shift is another key. */
    const letter = event.key.toLowerCase() !== event.key.toUpperCase();
    const held = {
        Control: (event.ctrlKey || event.metaKey) && !plain,
        Alt: event.altKey && !plain,
        Shift: event.shiftKey && (!single || letter),
    };
    const key = event.key === " " ? "Space" : single ? event.key.toLowerCase() : event.key;
    return [...Object.entries(held).flatMap(([name, down]) => (down ? [name] : [])), key].join("+");
}

const typing = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable=true]";
const movable = `${typing}, input, [role=tab], [role=slider], [role=application], [role=tree], [role=treeitem], [role=grid], [role=listbox], [role=log], [role=region]`;
const pressable = `${typing}, input, button, a[href], summary, [role=button], [role=tab], [role=treeitem], [role=option]`;

/** Whether who has the focus may want it. */
function belongsToFocus(keys: string, target: Element): boolean {
    const { held, key } = split(keys);
    if (held.includes("Control") || held.includes("Alt") || /^F\d+$/.test(key) || keys === "Shift+Escape") {
        return false;
    }
    if (key === "Space" || key === "Enter") {
        return target.closest(pressable) !== null;
    }
    return target.closest(key.length === 1 ? typing : movable) !== null;
}

const isSingle = (keys: string) => split(keys).held.every((held) => held === "Shift") && (split(keys).key.length === 1 || keys === "Space");

/** Keys that are one character are easily pressed by mistake, or said by who speaks to the machine: they can be turned off. */
export const singleKeys = {
    get on(): boolean {
        try {
            return localStorage.getItem("weft-single-keys") !== "off";
        } catch {
            return true;
        }
    },
    set on(on: boolean) {
        try {
            localStorage.setItem("weft-single-keys", on ? "on" : "off");
        } catch {
            /* Storage may be forbidden: they then stay on. */
        }
    },
};

/** To be called once, for the document. */
export function followKeys(document: Document): void {
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.isComposing || document.querySelector("dialog:modal") !== null) {
            return;
        }
        const keys = pressed(event);
        if (belongsToFocus(keys, event.target as Element) || (isSingle(keys) && !singleKeys.on)) {
            return;
        }
        const shortcut = [...shortcuts].find(
            (candidate) =>
                candidate.action !== undefined &&
                keysOf(candidate).some((wanted) => normal(wanted) === keys) &&
                (candidate.when?.() ?? true),
        );
        if (shortcut !== undefined) {
            event.preventDefault();
            shortcut.action!();
        }
    });
}
