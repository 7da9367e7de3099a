import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { serve } from "../../web/serve.mjs";

const script = fileURLToPath(new URL("../../web/serve.mjs", import.meta.url));

/** A small site with a secret beside it. */
async function makeSite(t) {
    const folder = await mkdtemp(join(tmpdir(), "weft-serve-"));
    t.after(() => rm(folder, { recursive: true }));
    const site = join(folder, "site");
    await mkdir(join(site, "deep"), { recursive: true });
    await Promise.all([
        writeFile(join(folder, "secret.txt"), "secret"),
        writeFile(join(site, "index.html"), "<title>page</title>"),
        writeFile(join(site, "deep", "a b.wasm"), new Uint8Array([0, 97, 115, 109])),
        symlink(join(folder, "secret.txt"), join(site, "link.txt")),
    ]);
    return site;
}

/** A request whose path goes out exactly as written. */
async function get(address, path, method = "GET") {
    const { hostname, port } = new URL(address);
    const sent = request({ hostname, port, path, method }).end();
    const [response] = await once(sent, "response");
    const body = Buffer.concat(await response.toArray());
    return { status: response.statusCode, type: response.headers["content-type"], body: body.toString("latin1"), size: Number(response.headers["content-length"]) };
}

test("files have their types, a folder its index, and only the folder is served", async (t) => {
    const { server, address } = await serve(await makeSite(t), 0);
    t.after(() => server.close());
    assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    assert.deepEqual((await get(address, "/")).body, "<title>page</title>");
    assert.equal((await get(address, "/deep/a%20b.wasm")).type, "application/wasm");
    assert.deepEqual(await get(address, "/index.html?x=1", "HEAD"), { status: 200, type: "text/html; charset=utf-8", body: "", size: 19 });
    for (const path of ["/../secret.txt", "/%2e%2e/secret.txt", "/deep/..%2f..%2fsecret.txt", "/link.txt", "/%00", "/%", "/nothing", "/deep/", "//x/../../secret.txt"]) {
        const { status, body } = await get(address, path);
        assert.equal(status, 404, path);
        assert.equal(body, "Not found\n");
    }
    assert.equal((await get(address, "/", "POST")).status, 405);
});

/** Starts the command and reads its first lines until one has an address. */
async function start(t, ...options) {
    const child = spawn(process.execPath, [script, "--no-open", ...options], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => child.kill());
    const lines = [];
    for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line);
        const address = /http:\S+/.exec(line)?.[0];
        if (address) {
            return { lines, address };
        }
    }
    assert.fail(`no address: ${lines.join("\n")}`);
}

test("the command says where the page is, also when the port is taken", async (t) => {
    const site = await makeSite(t);
    const other = createServer().listen(0, "127.0.0.1");
    t.after(() => other.close());
    await once(other, "listening");
    const { port } = other.address();
    const { lines, address } = await start(t, "--directory", site, "--port", String(port));
    assert.equal(lines[0], `Port ${port} is in use, taking a free one.`);
    assert.equal((await get(address, "/")).status, 200);
});

test("a wrong port or a page that was not built is a clear error", async (t) => {
    const site = await makeSite(t);
    for (const [options, words] of [
        [["--directory", site, "--port", "x"], /--port x: not a port number/],
        [["--directory", join(site, "nowhere"), "--port", "0"], /nowhere is missing: build the page first/],
    ]) {
        const child = spawn(process.execPath, [script, "--no-open", ...options], { stdio: ["ignore", "ignore", "pipe"] });
        const [text, [code]] = await Promise.all([child.stderr.toArray(), once(child, "exit")]);
        assert.equal(code, 1);
        assert.match(Buffer.concat(text).toString(), words);
    }
});
