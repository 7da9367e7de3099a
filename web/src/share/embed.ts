/**
 * The page as a part of another one: `?embed` leaves only the source, the controls and the timeline. It asks nothing of the page around
 * it, and tells it nothing. (theme.js marks the document before the first paint.)
 */

import "./embed.css";
import { element } from "../elements.ts";

export const embedded = new URLSearchParams(location.search).has("embed");

/** The way from the part to the whole page, with what stands in it. */
export function addWayOut(controls: HTMLElement): void {
    if (!embedded) {
        return;
    }
    raiseHeadings();
    const link = element("a", { class: "way-out", target: "_blank", rel: "noopener", href: wholePage() }, "Open in the playground");
    /* The address may be a moment old; the click takes the newest. */
    for (const event of ["pointerdown", "focus", "click"]) {
        link.addEventListener(event, () => (link.href = wholePage()));
    }
    controls.append(link);
}

/** Without the page's header every heading stands one level higher. */
function raiseHeadings(): void {
    document.querySelector(".intro")!.classList.add("unseen");
    for (const [name, level] of [["h2", "1"], ["h3", "2"]] as const) {
        document.querySelectorAll(`main ${name}`).forEach((heading) => heading.setAttribute("aria-level", level));
    }
}

function wholePage(): string {
    const address = new URL(location.href);
    address.searchParams.delete("embed");
    return address.href;
}

/** Of a link to the page, the address to embed. */
export function embedAddress(link: string): string {
    const address = new URL(link);
    address.search = "?embed";
    return address.href;
}

/** The fragment of HTML for another page. */
export function snippetOf(address: string, file: string): string {
    const quoted = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
    return `<iframe src="${quoted(address)}" title="${quoted(file)} in weft's playground" width="100%" height="480" loading="lazy" style="border: 0"></iframe>`;
}
