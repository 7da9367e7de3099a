/** Files that are dropped on the page, or chosen with the keyboard. */

import "./drop.css";
import { element } from "../elements.ts";

/** Everywhere on the page: files are given to `open`, which says itself what it cannot do with them. */
export function acceptFiles(open: (files: File[]) => void): void {
    const veil = element("div", { class: "drop-veil", hidden: true }, element("p", {}, "Drop a trace of weft here to replay it"));
    document.body.append(veil);
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    addEventListener("dragover", (event) => {
        if (hasFiles(event)) {
            event.preventDefault();
            veil.hidden = false;
        }
    });
    addEventListener("dragleave", (event) => {
        veil.hidden ||= event.relatedTarget === null;
    });
    addEventListener("drop", (event) => {
        veil.hidden = true;
        if (hasFiles(event)) {
            event.preventDefault();
            open([...event.dataTransfer!.files]);
        }
    });
}

/** Asks for files. */
export function chooseFiles(open: (files: File[]) => void): void {
    const input = element("input", { type: "file", accept: ".json,.weftlog,.c", multiple: true, hidden: true });
    input.addEventListener("change", () => open([...(input.files ?? [])]));
    for (const end of ["change", "cancel"]) {
        input.addEventListener(end, () => input.remove());
    }
    document.body.append(input); /* so that it lives until the person has chosen */
    input.click();
}
