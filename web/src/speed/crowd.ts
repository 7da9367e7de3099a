/** Very many tasks that tick on this page's thread, in weft or as promises, and what that does to the page's frames. */

import { loadWeft } from "weft";
import { element } from "../elements.ts";
import { messageOf } from "../format.ts";

type Kind = "weft" | "promises";

interface Crowd {
    /** All ticks so far. */
    ticks(): number;
    /** Undefined where a browser does not tell. */
    bytes(): number | undefined;
    stop(): void;
}

async function weftCrowd(tasks: number): Promise<Crowd> {
    let ticks = 0;
    let bytes: number | undefined;
    const print = (text: string) => {
        const [ticked, each] = text.trim().split("\n").at(-1)!.split(" ").map(Number);
        ticks = ticked ?? ticks;
        bytes = each;
    };
    const weft = await loadWeft({ wasm: await fetch(new URL("speed/speed_sleepers.wasm", document.baseURI)), print });
    const abort = new AbortController();
    weft.run("crowd", { tasks }, { signal: abort.signal }).catch(() => {
        /* It ends only by its cancellation. */
    });
    return { ticks: () => ticks, bytes: () => bytes, stop: () => abort.abort() };
}

function promiseCrowd(tasks: number): Crowd {
    let ticks = 0;
    let stopped = false;
    const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
    const ticker = async (delay: number) => {
        await sleep(delay);
        while (!stopped) {
            ticks++;
            await sleep(1);
        }
    };
    for (let i = 0; i < tasks; i++) {
        void ticker(i / tasks);
    }
    return { ticks: () => ticks, bytes: () => undefined, stop: () => (stopped = true) };
}

interface Parts {
    size: HTMLSelectElement;
    start: Record<Kind, HTMLButtonElement>;
    stop: HTMLButtonElement;
    status: HTMLElement;
    frames: HTMLCanvasElement;
    body: HTMLTableSectionElement;
}

/* The chart's height stands for so many milliseconds. */
const highest = 60;
const goal = 1000 / 60;

export class CrowdView {
    readonly #parts: Parts;
    readonly #rows = new Map<Kind, HTMLTableRowElement>();
    #crowd: Crowd | undefined;
    /** The newest start; what an older one still loads is not wanted any more. */
    #wish = 0;
    #gaps: number[] = [];

    constructor(parts: Parts) {
        this.#parts = parts;
        parts.start.weft.addEventListener("click", () => void this.#start("weft"));
        parts.start.promises.addEventListener("click", () => void this.#start("promises"));
        parts.stop.addEventListener("click", () => this.stop());
        for (const kind of ["weft", "promises"] as const) {
            const row = element("tr", {}, element("th", { scope: "row" }, kind), ...Array.from({ length: 5 }, () => element("td", {}, "–")));
            this.#rows.set(kind, row);
            parts.body.append(row);
        }
        new ResizeObserver(() => this.#draw()).observe(parts.frames);
    }

    stop(): void {
        this.#wish++;
        this.#crowd?.stop();
        this.#crowd = undefined;
        this.#showRunning(false);
        this.#parts.status.textContent = "";
    }

    async #start(kind: Kind): Promise<void> {
        this.stop();
        const wish = this.#wish;
        const tasks = Number(this.#parts.size.value);
        this.#showRunning(true);
        this.#parts.status.textContent = `${tasks.toLocaleString("en")} tasks ${kind === "weft" ? "in weft" : "as promises"}`;
        let crowd: Crowd;
        try {
            crowd = kind === "weft" ? await weftCrowd(tasks) : promiseCrowd(tasks);
        } catch (error) {
            this.stop();
            this.#parts.status.textContent = `It could not be started: ${messageOf(error)}`;
            return;
        }
        if (wish !== this.#wish) {
            crowd.stop();
            return;
        }
        this.#crowd = crowd;
        this.#gaps = [];
        this.#follow(kind, tasks, crowd);
    }

    /** Counts frames and ticks, second by second. */
    #follow(kind: Kind, tasks: number, crowd: Crowd): void {
        let last = performance.now();
        let second = { start: last, frames: 0, longest: 0, ticks: crowd.ticks() };
        const frame = (now: number) => {
            if (this.#crowd !== crowd) {
                return;
            }
            const gap = now - last;
            last = now;
            this.#gaps.push(gap);
            second.frames++;
            second.longest = Math.max(second.longest, gap);
            if (now - second.start >= 1000) {
                const seconds = (now - second.start) / 1000;
                const ticks = crowd.ticks();
                this.#tell(kind, tasks, (ticks - second.ticks) / seconds, second.frames / seconds, second.longest, crowd.bytes());
                second = { start: now, frames: 0, longest: 0, ticks };
            }
            this.#draw();
            requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
    }

    #tell(kind: Kind, tasks: number, ticks: number, frames: number, longest: number, bytes: number | undefined): void {
        const whole = (value: number) => Math.round(value).toLocaleString("en");
        const texts = [whole(tasks), whole(ticks), whole(frames), `${whole(longest)}\u00a0ms`, bytes === undefined ? "browsers do not tell" : whole(bytes)];
        const row = this.#rows.get(kind)!;
        texts.forEach((text, index) => (row.cells[index + 1]!.textContent = text));
    }

    #draw(): void {
        const { frames } = this.#parts;
        const context = frames.getContext("2d")!;
        const style = getComputedStyle(frames);
        const scale = devicePixelRatio;
        const [width, height] = [frames.clientWidth, frames.clientHeight];
        if (frames.width !== Math.round(width * scale)) {
            frames.width = Math.round(width * scale);
            frames.height = Math.round(height * scale);
        }
        context.setTransform(scale, 0, 0, scale, 0, 0);
        context.clearRect(0, 0, width, height);
        const step = 3;
        this.#gaps = this.#gaps.slice(-Math.ceil(width / step));
        const y = (milliseconds: number) => height - (Math.min(milliseconds, highest) / highest) * height;
        this.#gaps.forEach((gap, index) => {
            context.fillStyle = gap > 1.5 * goal ? style.getPropertyValue("--late") : style.color;
            context.fillRect(index * step, y(gap), 2, height - y(gap));
        });
        context.fillStyle = style.borderTopColor;
        context.fillRect(0, Math.round(y(goal)), width, 1);
    }

    #showRunning(running: boolean): void {
        this.#parts.stop.disabled = !running;
    }
}
