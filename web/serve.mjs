/* Serves the built page to this machine's browsers, and nothing else to nobody else.
   node serve.mjs [--port N] [--no-open] [--directory DIR] */

import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const types = {
    ".css": "text/css; charset=utf-8",
    ".c": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".py": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".woff2": "font/woff2",
};

/** The file that a request means, or undefined; never one outside the directory, whatever dots and links the path has. */
async function fileFor(root, address) {
    try {
        const path = decodeURIComponent(new URL(address, "http://localhost").pathname);
        let file = await realpath(join(root, path));
        if ((await stat(file)).isDirectory()) {
            file = await realpath(join(file, "index.html"));
        }
        return file.startsWith(root + sep) ? file : undefined;
    } catch {
        return undefined; /* no such file, or no such address */
    }
}

async function answer(root, request, response) {
    if (request.method !== "GET" && request.method !== "HEAD") {
        response.writeHead(405, { Allow: "GET, HEAD" }).end();
        return;
    }
    const file = await fileFor(root, request.url);
    if (file === undefined) {
        response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("Not found\n");
        return;
    }
    response.writeHead(200, {
        "Content-Type": types[extname(file)] ?? "application/octet-stream",
        "Content-Length": (await stat(file)).size,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    });
    if (request.method === "HEAD") {
        response.end();
        return;
    }
    createReadStream(file).on("error", () => response.destroy()).pipe(response);
}

/** Starts the server; a port of 0 is any free one. */
export async function serve(directory, port) {
    const root = await realpath(directory);
    const server = createServer((request, response) => {
        answer(root, request, response).catch(() => response.destroy());
    });
    await new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", resolve);
    });
    return { server, address: `http://127.0.0.1:${server.address().port}/` };
}

function openBrowser(address) {
    const mac = process.platform === "darwin";
    if (mac || process.env.DISPLAY || process.env.WAYLAND_DISPLAY) {
        const opener = spawn(mac ? "open" : "xdg-open", [address], { stdio: "ignore", detached: true });
        opener.on("error", () => {}); /* there is no browser to open: the address is printed */
        opener.unref();
    }
}

async function main() {
    const { values } = parseArgs({
        options: {
            port: { type: "string", default: "8080" },
            "no-open": { type: "boolean", default: false },
            directory: { type: "string", default: fileURLToPath(new URL("dist", import.meta.url)) },
        },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
        throw new Error(`--port ${values.port}: not a port number`);
    }
    let page;
    try {
        page = await serve(values.directory, port);
    } catch (error) {
        if (error.code !== "EADDRINUSE" && error.code !== "EACCES") {
            throw error;
        }
        console.log(error.code === "EACCES" ? `Port ${port} is not allowed here, taking a free one.` : `Port ${port} is in use, taking a free one.`);
        page = await serve(values.directory, 0);
    }
    console.log(`The playground is at ${page.address}  (Ctrl+C ends it)`);
    if (!values["no-open"]) {
        openBrowser(page.address);
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    main().catch((error) => {
        console.error(error.code === "ENOENT" ? `${error.path} is missing: build the page first (./weft build)` : error.message);
        process.exitCode = 1;
    });
}
