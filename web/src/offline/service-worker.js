/**
 * Keeps the page, so that it works offline after the first visit. scripts/offline.mjs puts `files` before this: every file of this
 * version by its address below the page's folder, with the hash of its content, and whether the page needs it from the start.
 *
 * A file is kept under its address and hash, and only if it has that hash. So versions never mix: an old page goes on with its own
 * files until it is closed, and what did not change is not fetched again.
 *
 * @typedef {{ integrity: string, size: number, later: boolean }} File
 */
/* global files */

const keptFiles = "weft-files";
const scope = new URL(self.registration.scope);

const addressOf = (path) => new URL(path, scope).href;
const keyOf = (path) => `${addressOf(path)}?${encodeURIComponent(files[path].integrity)}`;
const keys = new Set(Object.keys(files).map(keyOf));

/* The compiler keeps its parts itself, by their names (compiler/download.ts): they are not kept here once more. */
const keptParts = "weft-compiler";
const isPart = (path) => path.endsWith(".part");

async function placeOf(path) {
    return isPart(path)
        ? { cache: await caches.open(keptParts), key: addressOf(path) }
        : { cache: await caches.open(keptFiles), key: keyOf(path) };
}

async function fetchFile(path) {
    const { cache, key } = await placeOf(path);
    /* Past the browser's own cache, which may have another version's. */
    const response = await fetch(addressOf(path), { cache: "no-cache", integrity: files[path].integrity });
    if (!response.ok) {
        throw new Error(`${path}: ${response.status} ${response.statusText}`);
    }
    await cache.put(key, response.clone());
    return response;
}

async function fetchMissing(paths, onFile = () => {}) {
    const missing = [];
    for (const path of paths) {
        const { cache, key } = await placeOf(path);
        if ((await cache.match(key)) === undefined) {
            missing.push(path);
        } else {
            onFile(path);
        }
    }
    await Promise.all(missing.map((path) => fetchFile(path).then(() => onFile(path))));
}

/** What the page needs, and what was used of the rest in an older version. */
async function install() {
    const cache = await caches.open(keptFiles);
    const used = new Set((await cache.keys()).map(({ url }) => url.split("?")[0]));
    const wanted = Object.keys(files).filter((path) => !files[path].later || used.has(addressOf(path)));
    await fetchMissing(wanted);
}

async function removeOld() {
    const cache = await caches.open(keptFiles);
    const old = (await cache.keys()).filter(({ url }) => url.startsWith(scope.href) && !keys.has(url));
    await Promise.all(old.map((request) => cache.delete(request)));
    await self.clients.claim();
}

async function answer(path) {
    const cache = await caches.open(keptFiles);
    const kept = await cache.match(keyOf(path), { ignoreVary: true });
    return kept ?? fetchFile(path).catch(() => fetch(addressOf(path)));
}

/** The file of this version that a request means; other requests are none of ours. */
function fileOf({ method, url }) {
    const { origin, pathname } = new URL(url);
    if (method !== "GET" || origin !== scope.origin || !pathname.startsWith(scope.pathname)) {
        return undefined;
    }
    const path = pathname.slice(scope.pathname.length).replace(/^index\.html$/, "");
    return Object.hasOwn(files, path) && !isPart(path) ? path : undefined;
}

/** Tells how much of everything is there, file by file. */
async function fetchAll(port) {
    let bytes = 0;
    try {
        await fetchMissing(Object.keys(files), (path) => {
            bytes += files[path].size;
            port.postMessage({ type: "progress", bytes });
        });
        port.postMessage({ type: "done" });
    } catch (error) {
        port.postMessage({ type: "failed", message: String(error?.message ?? error) });
    }
}

async function countPages() {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    return pages.filter(({ url }) => url.startsWith(scope.href)).length;
}

/** A newer version begins when nobody uses the older one any more: at once, if the page that asks is the only one. A page that was
 *  loaded again is counted twice until the browser has done away with what it was before, so it is given a while. */
async function takeOver() {
    for (let tries = 0; tries < 20; tries++) {
        if ((await countPages()) <= 1) {
            await self.skipWaiting();
            return;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(removeOld()));
self.addEventListener("fetch", (event) => {
    const path = fileOf(event.request);
    if (path !== undefined) {
        event.respondWith(answer(path));
    }
});
self.addEventListener("message", (event) => {
    const actions = { "fetch all": () => fetchAll(event.ports[0]), "take over": takeOver };
    event.waitUntil(actions[event.data]?.());
});
