/**
 * Keeps the focus where the person works. What has it may be disabled, hidden or taken away: the focus then goes to what is nearest, and
 * comes back when that was only for a moment, as while a program runs.
 */

const focusable = "a[href], button, input, select, textarea, [tabindex], [contenteditable=true]";
const unreachable = ":disabled, [hidden], [hidden] *, [inert] *, dialog:not([open]) *";

const canFocus = (element: Element) => element.isConnected && element.matches(focusable) && !element.matches(unreachable);

export function keepFocus(document: Document): void {
    /** Who had the focus by the person's will, what is around it from the inside out, and its place among what is in there. */
    let had: HTMLElement | undefined;
    let around: { element: HTMLElement; place: number }[] = [];
    /** Who has it meanwhile. */
    let instead: HTMLElement | undefined;

    function remember(element: HTMLElement): void {
        had = element;
        instead = undefined;
        around = [];
        for (let outer = element.parentElement; outer !== null && outer !== document.body; outer = outer.parentElement) {
            around.push({ element: outer, place: focusablesIn(outer).indexOf(element) });
        }
    }

    function nearest(): HTMLElement | undefined {
        for (const { element, place } of around) {
            const inside = focusablesIn(element).filter((each) => canFocus(each) && each.checkVisibility({ visibilityProperty: true }));
            const found = inside[Math.min(Math.max(place, 0), inside.length - 1)] ?? (canFocus(element) ? element : undefined);
            if (found !== undefined) {
                return found;
            }
        }
        return undefined;
    }

    function mend(): void {
        const active = document.activeElement;
        if (had === undefined) {
            return;
        }
        if (instead !== undefined && active === instead && canFocus(had)) {
            had.focus({ preventScroll: true });
        } else if ((active === had || active === document.body) && !canFocus(had)) {
            instead = nearest();
            instead?.focus({ preventScroll: true });
        }
    }

    document.addEventListener("focusin", ({ target }) => target !== instead && remember(target as HTMLElement));
    for (const event of ["keydown", "pointerdown"] as const) {
        /* From here on it is the person's will. */
        document.addEventListener(event, () => instead !== undefined && document.activeElement === instead && remember(instead), true);
    }
    document.addEventListener("pointerdown", () => (had = undefined), true);
    new MutationObserver(mend).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled", "hidden"] });
}

function focusablesIn(element: HTMLElement): HTMLElement[] {
    return [...element.querySelectorAll<HTMLElement>(focusable)].filter((each) => each.tabIndex >= 0);
}
