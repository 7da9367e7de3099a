/** The dialog to share what is run, to take it home, to open what others gave away, and to keep the page for offline. */

import "../dialog.css";
import "./dialog.css";
import { button, element } from "../elements.ts";
import { count, megabytes, messageOf } from "../format.ts";
import { keepEverything, offlineSizes } from "../offline/offline.ts";
import type { Workbench } from "../workbench.ts";
import { linkOf } from "./address.ts";
import { chooseFiles } from "./drop.ts";
import { embedAddress, snippetOf } from "./embed.ts";
import { keepsakes } from "./take-home.ts";
import type { Keepsake } from "./take-home.ts";

/* Many chats and mail programs make no link of what is longer, or cut it. */
const longLink = 2000;

export class ShareDialog {
    readonly #workbench: Workbench;
    readonly #dialog: HTMLDialogElement;
    readonly #link = element("input", { type: "text", readonly: true, "aria-label": "Link", "aria-describedby": "link-note" });
    readonly #linkNote = element("p", { id: "link-note", class: "note" });
    readonly #snippet = element("textarea", { readonly: true, rows: "4", "aria-label": "Code to embed", spellcheck: "false" });
    readonly #said = element("p", { class: "said", role: "status" });
    readonly #offline = element("section", { hidden: true });
    readonly #ofRecording: HTMLButtonElement[] = [];

    /** `open` takes files that the person chose. */
    constructor(workbench: Workbench, open: (files: File[]) => void) {
        this.#workbench = workbench;
        const opened = (files: File[]) => {
            this.#dialog.close();
            open(files);
        };
        this.#dialog = element("dialog", { id: "share-dialog", "aria-labelledby": "share-heading" },
            element("div", { class: "head" },
                element("h2", { id: "share-heading" }, "Share and take home"),
                button("Close", { class: "icon" }, () => this.#dialog.close(), "Close")),
            element("div", { class: "parts" },
                element("section", {},
                    element("h3", {}, "Link"),
                    element("p", {}, "It holds the program, its parameters, the order of events, and the step that is looked at. All of that is in the link itself: nothing leaves this machine."),
                    row(this.#link, copyButton("Copy link", () => this.#link.value, this.#say)),
                    this.#linkNote),
                element("section", {},
                    element("h3", {}, "Embed"),
                    element("p", {}, "The editor and the timeline as a part of your own page."),
                    row(this.#snippet, copyButton("Copy code", () => this.#snippet.value, this.#say))),
                element("section", {},
                    element("h3", {}, "Take home"),
                    element("ul", {}, ...keepsakes.map((keepsake) => this.#keepsake(keepsake)))),
                element("section", {},
                    element("h3", {}, "Open a trace"),
                    element("p", {}, "What a program wrote natively with ", element("code", {}, "./weft run FILE.c --trace OUT.json"),
                        " replays here. You can also drop the file anywhere on the page."),
                    button("Open a trace…", {}, () => chooseFiles(opened), "Open a trace…")),
                this.#offline),
            this.#said);
        /* What is around the dialog's content is its backdrop. */
        this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
        document.body.append(this.#dialog);
    }

    async show(): Promise<void> {
        const { recording } = this.#workbench;
        for (const save of this.#ofRecording) {
            save.disabled = recording?.closed !== true || recording.steps === 0;
        }
        this.#said.textContent = "";
        this.#link.value = this.#snippet.value = "";
        this.#dialog.showModal();
        const link = new URL(`#${await linkOf(this.#workbench)}`, location.href.replace(/[?#].*$/, "")).href;
        this.#link.value = link;
        this.#linkNote.textContent = link.length > longLink
            ? `${count(link.length, "character")}: some chats and mail programs cut links that are longer than ${longLink.toLocaleString("en")}. Check that it arrives whole, or send a file.`
            : `${count(link.length, "character")}.`;
        this.#snippet.value = snippetOf(embedAddress(link), this.#workbench.subject.file);
        await this.#showOffline();
    }

    readonly #say = (words: string): void => {
        this.#said.textContent = words;
    };

    #keepsake(keepsake: Keepsake): HTMLElement {
        const save = button(keepsake.name, {}, () => void this.#save(keepsake), keepsake.name);
        const what = element("span", {}, keepsake.what);
        if (keepsake.ofRecording) {
            this.#ofRecording.push(save);
        }
        return element("li", {}, save, what);
    }

    async #save(keepsake: Keepsake): Promise<void> {
        this.#say(`Making “${keepsake.name}”…`);
        try {
            await keepsake.save(this.#workbench.subject, this.#workbench.recording);
            this.#say(`“${keepsake.name}” is saved.`);
        } catch (error) {
            this.#say(`“${keepsake.name}” could not be made: ${messageOf(error)}`);
        }
    }

    async #showOffline(): Promise<void> {
        const sizes = await offlineSizes();
        if (sizes === undefined || !this.#offline.hidden) {
            return;
        }
        const keep = button("Keep everything", {}, () => {
            keep.disabled = true;
            void keepEverything((progress) => {
                keep.disabled = progress.type !== "failed";
                this.#say(
                    progress.type === "progress" ? `Kept ${megabytes(progress.bytes)} of ${megabytes(sizes.all)}.`
                        : progress.type === "done" ? "All of the page works offline now."
                            : `Not everything could be kept: ${progress.message}`,
                );
            });
        }, `Keep everything, ${megabytes(sizes.all)}`);
        this.#offline.append(
            element("h3", {}, "Offline"),
            element("p", {}, "The page and its examples work without a network after the first visit, and the rest once it was used. All of it can be kept now."),
            keep);
        this.#offline.hidden = false;
    }
}

const row = (...children: Node[]) => element("div", { class: "row" }, ...children);

function copyButton(name: string, text: () => string, say: (words: string) => void): HTMLButtonElement {
    return button(name, {}, () => {
        navigator.clipboard.writeText(text()).then(
            () => say("Copied."),
            () => say("The browser does not let the page copy: select the text and copy it with the keyboard."),
        );
    }, name);
}
