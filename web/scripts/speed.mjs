/* Puts what the page that measures runs beside it: the benchmark's modules and sources, for reading, too. */

import { copyFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, "web/public/speed");
const files = [
    "build/wasm/bench/bench_weft.wasm",
    "build/wasm/web/speed/speed_sleepers.wasm",
    "bench/weft.c",
    "bench/workloads.mjs",
    "bench/asyncio_rows.py",
    "web/speed/sleepers.c",
];

await mkdir(out, { recursive: true });
await Promise.all(files.map((file) => copyFile(join(root, file), join(out, basename(file)))));
