/** Registers the service worker, which keeps the page for when there is no network. */

/** What the build writes beside the page: how much there is to keep. */
interface Sizes {
    page: number;
    all: number;
}

export type Progress = { type: "progress"; bytes: number } | { type: "done" } | { type: "failed"; message: string };

/* The build's own page alone has one: not a page that is being developed, one in another's frame, or a file. */
const possible = import.meta.env.PROD && isSecureContext && "serviceWorker" in navigator && window === window.top;

/** Begins once the page is there, so that its loading comes first. Where the browser forbids it, the page needs its network. */
export function keepForOffline(): void {
    if (possible) {
        register().catch(() => {});
    }
}

async function register(): Promise<void> {
    const hadOne = navigator.serviceWorker.controller !== null;
    const registration = await navigator.serviceWorker.register("./service-worker.js", { updateViaCache: "none" });
    /* A newer version that is there already begins now, before anything was typed; one that comes later waits for the next visit. */
    if (registration.waiting !== null && hadOne) {
        navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
        registration.waiting.postMessage("take over");
    }
}

/** Undefined where the page cannot be kept. */
export async function offlineSizes(): Promise<Sizes | undefined> {
    if (!possible) {
        return undefined;
    }
    const response = await fetch("./offline.json").catch(() => undefined);
    return response?.ok ? ((await response.json()) as Sizes) : undefined;
}

/** Fetches all that the page may ever need. */
export async function keepEverything(onProgress: (progress: Progress) => void): Promise<void> {
    const { active } = await navigator.serviceWorker.ready;
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }: MessageEvent<Progress>) => onProgress(data);
    active?.postMessage("fetch all", [channel.port2]);
}
