/**
 * The page's address follows what is run, so that it can be copied at any time, and the page follows its address. Only examples that
 * are chosen make entries of the browser's history; everything else changes the entry that is there.
 */

import type { Workbench } from "../workbench.ts";
import { decodeLink, encodeLink } from "./link.ts";
import type { Link } from "./link.ts";

/* Browsers refuse an address that changes too often; whoever types or drags a slider sees it change when they are done. */
const pause = 300;

/** The fragment for what the page shows now. The step is in it where it means something to who opens it. */
export function linkOf({ subject, recording, step }: Workbench): Promise<string> {
    const shown = recording?.closed === true && recording.subject === subject;
    return encodeLink(subject, shown ? step : undefined);
}

export class Address {
    readonly #workbench: Workbench;
    readonly #open: (link: Link) => Promise<void>;
    readonly #report: (error: unknown) => void;
    #timer: ReturnType<typeof setTimeout> | undefined;
    /** What the address said when it was read or written last, as the browser writes it. */
    #known: string | undefined;
    /** The newest address that was read; what an older one still loads is not wanted any more. */
    #wish = 0;
    #opening = 0;

    /** `open` shows what a link holds. */
    constructor(workbench: Workbench, open: (link: Link) => Promise<void>, report: (error: unknown) => void) {
        this.#workbench = workbench;
        this.#open = open;
        this.#report = report;
        for (const event of ["subject", "step", "ended"] as const) {
            workbench.on(event, () => this.#changed());
        }
    }

    /** Shows what the address says, now and whenever it is changed from outside. */
    async follow(): Promise<void> {
        addEventListener("hashchange", () => location.hash !== this.#known && void this.#read());
        /* A link to where the address has not left yet changes nothing there, so nobody else hears of it. */
        addEventListener("click", ({ target }) => {
            const link = target instanceof Element ? target.closest("a") : null;
            if (link !== null && link.target === "" && link.href === location.href) {
                void this.#read();
            }
        });
        await this.#read();
    }

    async #read(): Promise<void> {
        const wish = ++this.#wish;
        this.#known = location.hash;
        clearTimeout(this.#timer);
        this.#opening++;
        try {
            const link = await decodeLink(location.hash);
            if (wish === this.#wish) {
                await this.#open(link);
            }
        } catch (error) {
            if (wish === this.#wish) {
                await this.#openAnything();
                this.#report(error);
            }
        } finally {
            this.#opening--;
        }
        this.#changed();
    }

    /** Rather than nothing. */
    async #openAnything(): Promise<void> {
        if (this.#workbench.subject.source === "") {
            await decodeLink("").then(this.#open).catch(() => {}); /* what is reported is why the link was not opened */
        }
    }

    #changed(): void {
        clearTimeout(this.#timer);
        if (this.#opening === 0) {
            /* An address that the browser does not take stays as it was; the dialog has the link. */
            this.#timer = setTimeout(() => void this.#write().catch(() => {}), pause);
        }
    }

    async #write(): Promise<void> {
        const { subject } = this.#workbench;
        if (subject.source === "") {
            return; /* nothing is shown yet */
        }
        const link = await linkOf(this.#workbench);
        if (this.#opening > 0 || this.#workbench.subject !== subject || `#${link}` === location.hash) {
            return;
        }
        history.replaceState(history.state, "", `#${link}`);
        this.#known = location.hash;
    }
}
