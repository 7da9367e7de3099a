/* Makes what the page compiles C with, in public/compiler: clang and wasm-ld of the package @yowasp/clang in gzip
   parts, small enough for any static host; a tar with the C library, weft's headers and an archive of weft that the
   same compiler has made; and manifest.json, which names them with their sizes. What has not changed is not made
   again.
   node scripts/compiler.mjs [--out DIR] [--cache DIR] */

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { gzip } from "node:zlib";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: folders } = parseArgs({
    options: {
        out: { type: "string", default: fromHere("../public/compiler") },
        cache: { type: "string", default: fromHere("../../build/compiler") },
    },
});
const root = fromHere("../..");
const partSize = 10 * 1024 * 1024;

const hashOf = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), createHash("sha256")).digest("hex").slice(0, 16);
const bytesOf = (file) => readFile(file).catch(() => undefined);

/** Writes the whole file or none of it, however often it is interrupted. */
async function write(file, bytes) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, bytes);
    await rename(`${file}.new`, file);
}

/** What `make` gives, kept in the cache under the hash of all that it is made from. */
async function cached(name, from, make) {
    const file = join(folders.cache, `${hashOf(...from)}-${name}`);
    const kept = await bytesOf(file);
    if (kept !== undefined) {
        return { bytes: kept, file };
    }
    const bytes = await make();
    await write(file, bytes);
    return { bytes, file };
}

/* --- The package --- */

const packageFile = fileURLToPath(import.meta.resolve("@yowasp/clang"));
const packageFolder = dirname(packageFile);
const { version } = JSON.parse(await readFile(join(packageFolder, "../package.json"), "utf8"));

/* The package fetches its files whole, from beside itself. The page brings them from parts: it defines weftFetch. */
const fetchLine = "var fetch_default = fetch2;";

async function bundle() {
    const text = await readFile(packageFile, "utf8");
    if (text.split(fetchLine).length !== 2) {
        throw new Error(`@yowasp/clang ${version} does not fetch its files as this script expects`);
    }
    return Buffer.from(text.replace(fetchLine, "var fetch_default = (...request) => globalThis.weftFetch(...request);"));
}

/* --- Sources --- */

async function filesBelow(folder, wanted, below = "") {
    const entries = (await readdir(join(root, folder, below), { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
    const files = [];
    for (const entry of entries) {
        const path = join(below, entry.name);
        if (entry.isDirectory()) {
            files.push(...(await filesBelow(folder, wanted, path)));
        } else if (wanted.test(entry.name)) {
            files.push({ folder, path, text: await readFile(join(root, folder, path), "utf8") });
        }
    }
    return files;
}

const headers = [...(await filesBelow("core", /\.h$/)), ...(await filesBelow("wasm", /\.h$/))];
const publicHeaders = headers.filter(({ path }) => path.startsWith("include/"));
const sources = [...(await filesBelow("core", /\.c$/)), ...(await filesBelow("wasm", /\.c$/))];
const runtime = await filesBelow("web/runtime", /\.c$/);

/** The files as the compiler's file system has them. "wasm/../core" is "wasm/core" there: it does not know "..". */
function treeOf(files) {
    const tree = {};
    const put = (path, text) => {
        const names = path.split("/");
        const last = names.pop();
        names.reduce((folder, name) => (folder[name] ??= {}), tree)[last] = text;
    };
    for (const { folder, path, text } of files) {
        put(`${folder}/${path}`, text);
        if (folder === "core") {
            put(`wasm/core/${path}`, text);
        }
    }
    return tree;
}

/* --- Compiling --- */

const compilerFlags = [
    "-triple", "wasm32-unknown-wasip1", "-emit-obj", "-O2", "-vectorize-loops", "-vectorize-slp",
    "-target-cpu", "generic", "-mrelocation-model", "static", "-fvisibility=hidden", "-fgnuc-version=4.2.1",
    "-std=c11", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-DNDEBUG", "-I", "core/include", "-I", "wasm/include",
    "-resource-dir", "/usr", "-isysroot", "/usr",
    "-internal-isystem", "/usr/include", "-internal-isystem", "/usr/include/wasm32-wasip1",
];

let llvm; /* loaded when something has to be compiled */

async function runLlvm(args, files) {
    if (llvm === undefined) {
        ({ runLLVM: llvm } = await import("@yowasp/clang"));
        await llvm(null, {}, { fetchProgress() {} });
    }
    const words = [];
    const take = (bytes) => bytes && words.push(Buffer.from(bytes));
    try {
        return llvm(args, files, { stdout: take, stderr: take, decodeASCII: false, synchronously: true });
    } catch (error) {
        throw new Error(`${args[0]} failed: ${Buffer.concat(words)}`, { cause: error });
    }
}

const headersHash = hashOf(version, compilerFlags.join(" "), ...headers.map(({ folder, path, text }) => folder + path + text));

async function objectOf(source) {
    const path = `${source.folder}/${source.path}`;
    return cached(`${source.folder.replaceAll("/", "-")}-${basename(source.path, ".c")}.o`, [headersHash, path, source.text], async () => {
        console.log(`clang ${path}`);
        const flags = ["-main-file-name", basename(path), ...compilerFlags, "-o", "out.o", "-x", "c", path];
        const files = await runLlvm(["clang", "-cc1", ...flags], treeOf([...headers, source]));
        return Buffer.from(files["out.o"]);
    });
}

async function archiveOf(objects) {
    const named = Object.fromEntries(objects.map(({ bytes, file }) => [basename(file).slice(17), bytes]));
    const files = await runLlvm(["ar", "rcsD", "libweft.a", ...Object.keys(named)], named);
    return Buffer.from(files["libweft.a"]);
}

/* --- The tar --- */

const blockSize = 512;
const padded = (size) => Math.ceil(size / blockSize) * blockSize;

/* What C for WebAssembly needs of the package's files: no C++, no other processors. */
const dropped = [
    /^include\/(c\+\+|wasm32-wasip1\/c\+\+|sanitizer|profile|fuzzer|xray|orc|hlsl|ppc_wrappers|cuda_wrappers|openmp_wrappers|llvm_offload_wrappers|llvm_libc_wrappers|zos_wrappers)\//,
    /^share\//,
    /^lib\/.*(c\+\+|\.so$|libclang_rt\.profile)/,
];
const clangHeaders = /^(__stdarg_.*|__stddef_.*|float|inttypes|iso646|limits|stdalign|stdarg|stdatomic|stdbool|stdckdint|stdcountof|stddef|stdint|stdnoreturn|tgmath|unwind|varargs|wasm_simd128)\.h$/;

function isWanted(path) {
    if (dropped.some((pattern) => pattern.test(path))) {
        return false;
    }
    const header = /^include\/([^/]+\.h)$/.exec(path);
    return header === null || clangHeaders.test(header[1]);
}

const textAt = (bytes, from, length) => bytes.toString("latin1", from, from + length).replace(/\0.*$/s, "");

/** The entries of the package's tar that are wanted, as they are. */
function wantedEntries(tar) {
    const entries = [];
    for (let at = 0; at < tar.length && tar[at] !== 0; ) {
        const path = textAt(tar, at, 100);
        const end = at + blockSize + padded(parseInt(textAt(tar, at + 124, 12), 8));
        if (isWanted(path)) {
            entries.push(tar.subarray(at, end));
        }
        at = end;
    }
    return entries;
}

/** An entry of a tar; without bytes, a folder. */
function entry(path, bytes) {
    const block = Buffer.alloc(blockSize + padded(bytes?.length ?? 0));
    const number = (value, digits) => `${value.toString(8).padStart(digits, "0")}\0`;
    block.write(path, 0, "latin1");
    block.write(number(bytes === undefined ? 0o755 : 0o644, 7), 100);
    block.write(number(0, 7) + number(0, 7) + number(bytes?.length ?? 0, 11) + number(0, 11), 108);
    block.write(" ".repeat(8), 148);
    block.write(bytes === undefined ? "5" : "0", 156);
    block.write("ustar\x0000", 257);
    const sum = block.subarray(0, blockSize).reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    bytes?.copy(block, blockSize);
    return block;
}

/** Weft's own files below "weft/", folders before what is in them. */
function weftEntries(files) {
    const made = new Set();
    const entries = [];
    for (const [path, bytes] of files) {
        const names = path.split("/").slice(0, -1);
        names.forEach((_, index) => {
            const folder = names.slice(0, index + 1).join("/");
            if (!made.has(folder)) {
                made.add(folder);
                entries.push(entry(folder));
            }
        });
        entries.push(entry(path, bytes));
    }
    return entries;
}

async function resources() {
    const tar = await readFile(join(packageFolder, "llvm-resources.tar"));
    const files = publicHeaders.map(({ path, text }) => [`weft/${path}`, Buffer.from(text)]);
    const objects = [];
    for (const source of sources) {
        objects.push(await objectOf(source));
    }
    files.push(["weft/libweft.a", await archiveOf(objects)]);
    for (const source of runtime) {
        files.push([`weft/${basename(source.path, ".c")}.o`, (await objectOf(source)).bytes]);
    }
    return Buffer.concat([...wantedEntries(tar), ...weftEntries(files), Buffer.alloc(2 * blockSize)]);
}

/* --- Parts --- */

/** Compresses a file, cuts it, and puts the parts into the folder; gives its entry in the manifest. */
async function partsOf(name, bytes) {
    const hash = hashOf(bytes);
    const { bytes: compressed } = await cached(`${name}.gz`, [bytes], () => {
        console.log(`gzip ${name}`);
        return promisify(gzip)(bytes, { level: 9 });
    });
    const parts = [];
    for (let at = 0; at < compressed.length; at += partSize) {
        const part = compressed.subarray(at, at + partSize);
        /* No ".gz": some servers would unpack it on the way. */
        const file = `${name}-${hash}-${parts.length}.part`;
        await write(join(folders.out, file), part);
        parts.push({ file, size: part.length });
    }
    return { name, size: bytes.length, parts };
}

async function build() {
    const tar = await resources();
    const script = await bundle();
    const entryFile = `llvm-${hashOf(script)}.js`;
    await write(join(folders.out, entryFile), script);
    const files = [await partsOf("llvm-resources.tar", tar)];
    for (const name of (await readdir(packageFolder)).filter((file) => file.endsWith(".wasm"))) {
        files.push(await partsOf(name, await readFile(join(packageFolder, name))));
    }
    const total = files.flatMap(({ parts }) => parts).reduce((sum, { size }) => sum + size, 0);
    const manifest = { stamp, version, script: entryFile, total, files };
    await write(join(folders.out, "manifest.json"), `${JSON.stringify(manifest, null, 4)}\n`);
    const named = new Set(["manifest.json", entryFile, ...files.flatMap(({ parts }) => parts.map(({ file }) => file))]);
    for (const file of await readdir(folders.out)) {
        if (!named.has(file)) {
            await rm(join(folders.out, file), { recursive: true });
        }
    }
    return manifest;
}

/* The stamp is the hash of all that goes in; with the parts there, nothing is to be done. */
const stamp = hashOf(headersHash, await readFile(fileURLToPath(import.meta.url)), ...[...sources, ...runtime].map(({ folder, path, text }) => folder + path + text));

async function isCurrent(manifest) {
    if (manifest?.stamp !== stamp) {
        return false;
    }
    const there = new Set(await readdir(folders.out));
    return there.has(manifest.script) && manifest.files.every(({ parts }) => parts.every(({ file }) => there.has(file)));
}

const existing = await bytesOf(join(folders.out, "manifest.json"));
let manifest = existing && JSON.parse(existing.toString());
if (!(await isCurrent(manifest))) {
    manifest = await build();
}
console.log(`clang ${manifest.version} for the page: ${(manifest.total / 1e6).toFixed(1)} MB in ${manifest.files.flatMap(({ parts }) => parts).length} parts`);
