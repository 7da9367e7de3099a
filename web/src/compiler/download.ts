/** Brings the compiler's files, which scripts/compiler.mjs has made, and keeps them for the next visit. */

import { fetched } from "../fetched.ts";

interface File {
    name: string;
    size: number;
    parts: { file: string; size: number }[];
}

interface Manifest {
    /** The module to import. */
    script: string;
    /** Bytes of all parts. */
    total: number;
    files: File[];
}

/** The browser's Cache and fetch, or what a test has in their place. */
export interface Store {
    /** Kept from an earlier visit, or fetched; with the error's words if it cannot be had. */
    get(address: string): Promise<Response>;
    /** These alone are needed from now on. */
    keepOnly(addresses: ReadonlySet<string>): Promise<void>;
}

const cacheName = "weft-compiler";

/** Parts are named by their content, so what was kept once is right for ever. */
export async function browserStore(): Promise<Store> {
    /* There is none without a secure context, and it may be forbidden; then the browser's HTTP cache must do. */
    const cache = await globalThis.caches?.open(cacheName).catch(() => undefined);
    if (cache === undefined) {
        return { get: fetched, keepOnly: async () => {} };
    }
    return {
        async get(address) {
            const kept = await cache.match(address).catch(() => undefined);
            if (kept !== undefined) {
                return kept;
            }
            const response = await fetched(address);
            /* A full disk must not stop the compiler. */
            void cache.put(address, response.clone()).catch(() => {});
            return response;
        },
        async keepOnly(addresses) {
            for (const { url } of await cache.keys()) {
                if (!addresses.has(url)) {
                    await cache.delete(url);
                }
            }
        },
    };
}

export class Download {
    readonly #base: string;
    readonly #store: Store;
    readonly #manifest: Manifest;
    readonly #grown: (loaded: number) => void;
    #loaded = 0;

    static async start(base: string, store: Store, grown: (loaded: number) => void): Promise<Download> {
        const manifest = (await (await fetched(new URL("manifest.json", base).href)).json()) as Manifest;
        const download = new Download(base, store, manifest, grown);
        const needed = manifest.files.flatMap(({ parts }) => parts).map(({ file }) => download.#address(file));
        void store.keepOnly(new Set(needed)).catch(() => {});
        return download;
    }

    private constructor(base: string, store: Store, manifest: Manifest, grown: (loaded: number) => void) {
        this.#base = base;
        this.#store = store;
        this.#manifest = manifest;
        this.#grown = grown;
    }

    get total(): number {
        return this.#manifest.total;
    }

    get script(): string {
        return this.#address(this.#manifest.script);
    }

    #address(file: string): string {
        return new URL(file, this.#base).href;
    }

    /** One of the compiler's files, unpacked as it arrives. */
    file(name: string): Response {
        const file = this.#manifest.files.find((candidate) => candidate.name === name);
        if (file === undefined) {
            throw new Error(`the compiler has no file ${name}`);
        }
        const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
        const unpacked = this.#bytes(file).pipeThrough(new DecompressionStream("gzip"));
        return new Response(unpacked, { headers: { "Content-Type": type } });
    }

    /** All parts are asked for at once, and given one after the other. */
    #bytes(file: File): ReadableStream<Uint8Array<ArrayBuffer>> {
        const responses = file.parts.map((part) => this.#store.get(this.#address(part.file)));
        for (const response of responses) {
            response.catch(() => {}); /* told when its turn comes */
        }
        let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
        let part = 0;
        return new ReadableStream({
            pull: async (controller) => {
                for (;;) {
                    if (reader === undefined) {
                        const next = responses[part++];
                        if (next === undefined) {
                            controller.close();
                            return;
                        }
                        reader = (await next).body!.getReader();
                    }
                    const { done, value } = await reader.read();
                    if (!done) {
                        this.#loaded += value.length;
                        this.#grown(this.#loaded);
                        controller.enqueue(value);
                        return;
                    }
                    reader = undefined;
                }
            },
        });
    }
}
