// The examples that use the network, files or other programs: natively, and those of HTTP under Node as well, where they ask a
// server of the page's files; and with real peers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { at, filesOf, howItEnded, run, runModule, stem } from "./lib/project.mjs";

const native = (name, env) => run(at(`build/native/examples/${name}`), [], { env });

async function output(running) {
  const result = await running;
  assert.equal(result.status, 0, howItEnded(result));
  assert.equal(result.stderr, "");
  return result.stdout;
}

const three = ["data from a", "data from b", "data from c", ""].join("\n");
const lines = [..."12345"].map((number) => `${number}: line ${number}\n`).join("") + "that was all\n";
const ten = Array.from({ length: 10 }, (_, i) => `${i + 1} of 10\n`).join("") + "121 bytes, 0 failed\n";
const network = { fetch: three, lines, download: ten };

/** A server of the page's data. */
async function startData(t) {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(at(`web/public${new URL(request.url, "http://host").pathname}`)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

/* They mostly sleep or start: some run at a time. */
test("those of the network", { concurrency: 6 }, async (context) => {
  assert.deepEqual(filesOf("examples/network", /\.c$/).map(stem), Object.keys(network).sort());
  const base = await startData(context);
  const underNode = (name, env) => run(process.execPath, [runModule, at(`build/wasm/examples/${name}.wasm`)], { env: { ...env, WEFT_BASE: base } });
  const ways = [["natively", native], ["under Node", underNode]];
  const runs = Object.entries(network).flatMap(([name, expected]) =>
    ways.flatMap(([words, start]) => [
      context.test(`${name}: ${words}`, async () => assert.equal(await output(start(name, {})), expected)),
      context.test(`${name}: ${words} in virtual time`, async () => assert.equal(await output(start(name, { WEFT_VIRTUAL: "1" })), expected)),
    ]),
  );
  await Promise.all(runs);
});

test("a download that fails is told and counted, and the others go on", async (context) => {
  const server = createServer((request, response) => (request.url === "/data/2.txt" ? response.socket.destroy() : response.end("ok")));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const env = { WEFT_BASE: `http://127.0.0.1:${server.address().port}/` };
  const result = await run(process.execPath, [runModule, at("build/wasm/examples/download.wasm")], { env });
  assert.equal(result.status, 0, howItEnded(result));
  assert.match(result.stdout, /^10 of 10\n18 bytes, 1 failed\n$/m);
  assert.match(result.stderr, /^data\/2\.txt: .+\n$/);
});

test("those of native hosts do what their twins do", { concurrency: 3 }, async (context) => {
  const twins = filesOf("examples/native", /\.py$/).map(stem);
  assert.ok(twins.length >= 3);
  const check = async (name) => {
    const [expected, ...printed] = await Promise.all(
      [run("python3", [at(`examples/native/${name}.py`)]), native(name), native(name, { WEFT_VIRTUAL: "1" })].map(output),
    );
    assert.notEqual(expected, "");
    assert.deepEqual(printed, [expected, expected]);
  };
  await Promise.all(twins.map((name) => context.test(name, () => check(name))));
});

test("the watcher tells what comes and goes", async () => {
  const expected = ["notes", "notes", "plans", "plans"].map((name) => `${name} came or went\n`).join("");
  assert.equal(await output(native("file_watcher")), expected);
});

// --- Real peers ---

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts an example that serves at a port; SIGINT ends it. Of peers that come and go it says nothing on stderr. */
async function serve(t, name, ...args) {
  const port = await freePort();
  const child = spawn(at(`build/native/examples/${name}`), [String(port), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (complaints += text));
  const ended = new Promise((resolve) => child.once("close", (status, signal) => resolve(complaints || (signal ?? status))));
  t.after(() => child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout })) {
    assert.match(line, new RegExp(`at port ${port}$`));
    return { port, end: () => (child.kill("SIGINT"), ended) };
  }
  assert.fail(`${name} says nothing`);
}

test("curl gets files, and nothing from outside of them", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "weft-files-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const large = randomBytes(3_000_000);
  mkdirSync(join(folder, "served"));
  writeFileSync(join(folder, "secret.txt"), "secret\n");
  writeFileSync(join(folder, "served/index.html"), "<p>hello</p>\n");
  writeFileSync(join(folder, "served/large.bin"), large);
  symlinkSync("../secret.txt", join(folder, "served/link.txt"));
  const server = await serve(t, "file_server", join(folder, "served"));
  const curl = (...args) => run("curl", ["--silent", "--show-error", "--path-as-is", ...args.slice(0, -1), `http://127.0.0.1:${server.port}/${args.at(-1)}`]);
  const status = async (...args) => (await curl("--output", "/dev/null", "--write-out", "%{http_code} %{content_type}", ...args)).stdout;
  assert.equal((await curl("")).stdout, "<p>hello</p>\n");
  assert.equal(await status(""), "200 text/html; charset=utf-8");
  const copy = join(folder, "copy");
  assert.equal((await curl("--output", copy, "large.bin")).status, 0);
  assert.ok(readFileSync(copy).equals(large));
  const { stdout: head } = await curl("--head", "large.bin");
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 3000000\r\n/i);
  for (const path of ["nothing", "../secret.txt", "%2e%2e/secret.txt", "link.txt", "large.bin/", "%00"])
    assert.match(await status(path), /^40[04] /, path);
  assert.equal((await status("--request", "POST", "--data", "x", "")).slice(0, 3), "405");
  assert.equal(await server.end(), "SIGINT");
});

test("curl, wrk and openssl s_client get files by TLS", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "weft-secure-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = await run("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
  assert.equal(made.status, 0, howItEnded(made));
  writeFileSync(join(folder, "page.txt"), "by TLS\n");
  const server = await serve(t, "file_server", folder, certificate, key);
  const url = `https://localhost:${server.port}/page.txt`;

  assert.equal(await output(run("curl", ["--silent", "--show-error", "--ipv4", "--cacert", certificate, url])), "by TLS\n");
  const untrusting = await run("curl", ["--silent", "--show-error", "--ipv4", url]);
  assert.match(untrusting.stderr, /certificate/);
  const request = "GET /page.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  const spoken = await run("openssl", ["s_client", "-connect", `127.0.0.1:${server.port}`, "-servername", "localhost", "-CAfile", certificate,
    "-verify_return_error", "-quiet", "-ign_eof"], { input: request });
  assert.match(spoken.stdout, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nby TLS\n$/, howItEnded(spoken));
  const load = await run("wrk", ["-t1", "-c20", "-d1s", url.replace("localhost", "127.0.0.1")]);
  assert.match(load.stdout, /^ *[1-9]\d* requests in /m, howItEnded(load));
  assert.doesNotMatch(load.stdout, /Socket errors|Non-2xx/);
  assert.equal(await server.end(), "SIGINT");
});

test("nc talks with the echo server", async (t) => {
  const server = await serve(t, "echo_server");
  const result = await run("nc", ["-N", "127.0.0.1", String(server.port)], { input: "one\r\ntwo\nthree" });
  assert.equal(result.stdout, "one\ntwo\nthree\n", howItEnded(result));
  assert.equal(await server.end(), "SIGINT");
});

test("what one says in the chat all others hear, however they leave", async (t) => {
  const server = await serve(t, "chat_server");
  const join = async (name) => {
    const socket = connect(server.port, "127.0.0.1");
    t.after(() => socket.destroy());
    const heard = createInterface({ input: socket })[Symbol.asyncIterator]();
    socket.write(`${name}\n`);
    const hear = async () => (await heard.next()).value;
    assert.equal(await hear(), `${name} is welcome`);
    return { socket, hear };
  };
  const [ada, bob] = [await join("ada"), await join("bob")];
  assert.equal(await ada.hear(), "bob comes");
  bob.socket.write("hello\n");
  assert.equal(await ada.hear(), "bob hello");
  bob.socket.resetAndDestroy();
  assert.equal(await ada.hear(), "bob leaves");
  assert.equal(await server.end(), "SIGINT");
});
