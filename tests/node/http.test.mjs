// The native HTTP client against real servers: Node's, ones that say just these bytes, nginx.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { at, howItEnded, run, runModule } from "./lib/project.mjs";

const program = at("build/debug/tests/programs/http_client");
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^WEFT_|_proxy$/i.test(name)));
const sanitized = { ASAN_OPTIONS: "detect_leaks=1", UBSAN_OPTIONS: "print_stacktrace=1" };

// What the client prints for these instructions, a line each; everything of it closed and freed.
async function client(instructions, env = {}) {
  const result = await run(program, instructions, { base: clean, env: { ...sanitized, ...env } });
  assert.equal(result.status, 0, howItEnded(result));
  assert.equal(result.stderr, "");
  return result.stdout.split("\n").slice(0, -1);
}

function listening(context, server, scheme = "http") {
  const sockets = new Set();
  server.on(scheme === "https" ? "secureConnection" : "connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`${scheme}://127.0.0.1:${server.address().port}`));
  });
}

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

const settled = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

const paths = {
  "/hello": (_, answer) => answer.end("hello"),
  async "/echo"(request, answer) {
    const body = await bodyOf(request);
    const { "x-asked": asked, "content-type": type, "content-length": length, "transfer-encoding": coding } = request.headers;
    answer.setHeader("x-request", [request.method, asked, type, length, coding].join());
    answer.end(body.length > 200 ? `${body.length}` : body);
  },
  "/agent": (request, answer) => answer.end(`${request.headers["user-agent"]} ${request.headers["accept-encoding"]} ${request.headers.expect}`),
  "/headers": (_, answer) => answer.writeHead(299, { "Set-Cookie": ["a=1", "b=2"], "X-Empty": "" }).end(),
  "/moved": (_, answer) => answer.writeHead(302, { location: "/moved2", "x-first": "1" }).end("elsewhere"),
  "/moved2": (_, answer) => answer.writeHead(307, { location: "/echo?there" }).end(),
  "/loop": (_, answer) => answer.writeHead(302, { location: "/loop" }).end(),
  "/file": (_, answer) => answer.writeHead(302, { location: "file:///etc/passwd" }).end(),
  "/nowhere": (_, answer) => answer.writeHead(302).end("no Location"),
  "/away": (request, answer) => answer.writeHead(307, { location: decodeURIComponent(request.url.split("?")[1]) }).end(),
  "/who": (request, answer) => answer.end(`${request.headers.authorization} ${request.headers.cookie}`),
  "/gzip": (_, answer) => answer.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("squeezed")),
  "/br": (_, answer) => answer.writeHead(200, { "content-encoding": "br" }).end(brotliCompressSync("squeezed")),
  "/deflate": (_, answer) => answer.writeHead(200, { "content-encoding": "deflate" }).end(deflateSync("squeezed")),
  "/bad-gzip": (_, answer) => answer.writeHead(200, { "content-encoding": "gzip" }).end("this is none"),
  "/bomb": (_, answer) => answer.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
  "/lines"(_, answer) {
    answer.write("one\r\ntw");
    setTimeout(() => answer.write("o\n\nthr"), 10);
    setTimeout(() => answer.end("ee"), 20);
  },
  "/large": (_, answer) => answer.end(large),
  "/stall": (_, answer) => answer.write("some"),
  "/silent": () => {},
  "/slow": (_, answer) => setTimeout(() => answer.end("slow"), 150),
  "/held": (_, answer) => (held = answer),
  "/release"(_, answer) {
    held.end("released");
    answer.end();
  },
  "/endless"(_, answer) {
    const more = () => {
      while (!answer.destroyed && answer.write(large.subarray(0, 65536)));
    };
    answer.on("drain", more);
    more();
  },
};
let held; // the answer to be released
const large = Buffer.alloc(3_000_000, "x");
const bomb = gzipSync(Buffer.alloc(100_000_000));

function serve(request, answer) {
  (paths[request.url.split("?")[0]] ?? ((_, other) => other.writeHead(404).end("nothing")))(request, answer);
}

// A server with all the paths; `seen` counts what the client did.
async function server(context) {
  const seen = { connections: 0, requests: 0, brokenOff: 0 };
  const made = createServer({ keepAliveTimeout: 60_000 }, (request, answer) => {
    seen.requests++;
    answer.on("close", () => (seen.brokenOff += answer.writableFinished ? 0 : 1));
    serve(request, answer);
  });
  made.on("connection", () => seen.connections++);
  return { url: await listening(context, made), seen };
}

// One that says just these bytes to each connection, and then ends it, resets it or lets it be.
async function bytes(context, text, end = "end") {
  const made = createTcpServer((socket) => {
    socket.once("data", () => {
      socket.write(text);
      if (end === "reset") setTimeout(() => socket.resetAndDestroy(), 20);
      if (end === "end") socket.end();
    });
  });
  return listening(context, made);
}

test("requests and answers", async (context) => {
  const { url } = await server(context);
  const cases = {
    [`get ${url}/echo`]: `200 11 ${url}/echo x-request=GET,,,, <>`,
    [`get ${url}/echo body=text type=text/x header=yes`]: `200 11 ${url}/echo x-request=POST,yes,text/x,4, <text>`,
    [`get ${url}/echo method=PUT body=text`]: `200 11 ${url}/echo x-request=PUT,,,4, <text>`,
    [`get ${url}/echo method=DELETE`]: `200 11 ${url}/echo x-request=DELETE,,,, <>`,
    [`get ${url}/echo method=HEAD`]: `200 11 ${url}/echo x-request=HEAD,,,, <>`,
    [`get ${url}/echo method=POST`]: `200 11 ${url}/echo x-request=POST,,,, <>`,
    [`get ${url}/echo method=POST body=`]: `200 11 ${url}/echo x-request=POST,,,0, <>`,
    [`get ${url}/headers`]: `299 11 ${url}/headers Set-Cookie=a=1 Set-Cookie=b=2 X-Empty= <>`,
    [`get ${url}/agent`]: `200 11 ${url}/agent <weft/0.1 deflate, gzip, br, zstd undefined>`,
    [`get ${url}/nothing`]: `404 11 ${url}/nothing <nothing>`,
    [`get ${url}/moved`]: `200 11 ${url}/echo?there x-request=GET,,,, <>`,
    [`get ${url}/moved body=text`]: `200 11 ${url}/echo?there x-request=GET,,,, <>`,
    [`get ${url}/moved2 body=text`]: `200 11 ${url}/echo?there x-request=POST,,,4, <text>`,
    [`get ${url}/nowhere`]: `302 11 ${url}/nowhere <no Location>`,
    [`get ${url}/gzip`]: `200 11 ${url}/gzip <squeezed>`,
    [`get ${url}/br`]: `200 11 ${url}/br <squeezed>`,
    [`get ${url}/deflate`]: `200 11 ${url}/deflate <squeezed>`,
    [`get ${url}/large`]: `200 11 ${url}/large (3000000)`,
    [`lines ${url}/lines`]: "[one] [two] [] [three] 0",
    [`chunks ${url}/large`]: "3000000",
    [`reads ${url}/large`]: "3000000",
    [`slow ${url}/large`]: "3000000",
    [`head ${url}/endless`]: `200 11 ${url}/endless <>`,
    [`beside ${url}/held ${url}/release`]: "10 sleeps ended meanwhile",
  };
  const instructions = Object.keys(cases);
  const printed = await client(["client", ...instructions, "files", `fetch ${url}/hello`]);
  assert.deepEqual(printed.splice(-2), ["0 more files", "hello"]);
  instructions.forEach((instruction, i) => assert.equal(printed[i], cases[instruction], instruction.replace(url, "")));
});

test("failures have libcurl's words and the system's names", async (context) => {
  const { url } = await server(context);
  const dead = await listening(context, createTcpServer());
  const gone = createTcpServer();
  const closed = await listening(context, gone);
  gone.close();
  const said = (text, end) => bytes(context, text, end);
  const cases = [
    [`get ${closed}/`, /^HttpError: GET .*: Failed to connect to 127\.0\.0\.1 port \d+ after \d+ ms: Couldn't connect to server: connection refused \(ECONNREFUSED\) \[ECONNREFUSED\]$/],
    ["get http://no.such.host.invalid/", /^HttpError: GET .*: Could not resolve host: no\.such\.host\.invalid \[-\]$/],
    [`get ${await said("", "end")}/`, /^HttpError: GET .*: Empty reply from server/],
    [`get ${await said("", "reset")}/`, /^HttpError: GET .*: Recv failure: Connection reset by peer: connection reset by peer \(ECONNRESET\) \[ECONNRESET\]$/],
    [`get ${await said("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "end")}/`, /^HttpError: GET .*: (end of response with 6 bytes missing|transfer closed with 6 bytes remaining to read)/],
    [`get ${await said("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "reset")}/`, /^HttpError: GET .*: Recv failure.*\[ECONNRESET\]$/],
    [`lines ${await said("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\none\ntwo\nhal", "end")}/`, /^\[one\] \[two\] HttpError: GET .*: .*missing|remaining/],
    [`get ${await said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "stay")}/`, /^HttpError: GET .*: Illegal or missing hexadecimal sequence/],
    [`get ${await said("hello\r\n", "end")}/`, /^HttpError: GET .*: Received HTTP\/0\.9 when not allowed/],
    [`get ${await said("HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n", "stay")}/`, /^HttpError: GET .*: Invalid Content-Length/],
    [`get ${await said(`HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(200_000)}`, "stay")}/`, /^LimitExceeded: GET .*: the headers of the answer are longer than 262144 bytes/],
    [`get ${await said(`HTTP/1.1 200 OK\r\nA: ${"b".repeat(400_000)}`, "stay")}/`, /^LimitExceeded: GET .*: a header of the answer is too long/],
    [`get ${url}/bad-gzip`, /^HttpError: GET .*: Error while processing content unencoding: incorrect header check/],
    [`get ${url}/bomb`, /^LimitExceeded: GET .*\/bomb: the body is longer than 67108864 bytes/],
    [`get ${url}/endless limit=1000000`, /^LimitExceeded: GET .*: the body is longer than 1000000 bytes/],
    [`get ${url}/loop`, /^HttpError: GET .*\/loop: Maximum \(20\) redirects followed/],
    [`get ${url}/file`, /^HttpError: GET .*\/file: Protocol "file" not supported or disabled in libcurl/],
    [`get ${url}/stall idle=0.1`, /^TimedOut: GET .*\/stall: nothing came for 0\.1 s/],
    [`get ${url}/silent idle=0.1`, /^TimedOut: GET .*\/silent: nothing came for 0\.1 s/],
    [`get ${dead}/ idle=0.1`, /^TimedOut: GET .*: nothing came for 0\.1 s/],
    [`get ${url}/stall total=0.1`, /^TimedOut: GET .*\/stall: it took longer than was allowed/],
    [`timeout 0.1 ${url}/silent`, /^TimedOut \[-\]$/],
    [`get ${url}/hello`, /<hello>/],
  ];
  const printed = await client(["client", ...cases.map(([instruction]) => instruction), "files"]);
  assert.equal(printed.at(-1), "0 more files");
  cases.forEach(([instruction, wanted], i) => assert.match(printed[i], wanted, instruction));
});

test("a client's options hold for its requests", async (context) => {
  const { url } = await server(context);
  const printed = await client([
    `client base_url=${url}/deep/er`, "get /hello", "get ../hello", "get hello",
    "client redirects=-1", `get ${url}/moved`,
    "client redirects=1", `get ${url}/moved`,
    "client limit=4", `get ${url}/hello`,
    "client idle=0.1", `get ${url}/silent`,
    "client total=0.1", `get ${url}/stall`,
    `client proxy=${url}`, "get http://behind.invalid/hello",
    "client proxy=ftp://x", `get ${url}/hello`,
  ]);
  const wanted = [
    /^200 11 .*\/hello <hello>$/, /^200 11 .*\/hello <hello>$/, /^404 11 .*\/deep\/hello <nothing>$/,
    /^302 11 .*\/moved x-first=1 <elsewhere>$/,
    /^HttpError: .*: Maximum \(1\) redirects followed/,
    /^LimitExceeded/,
    /^TimedOut: .*nothing came for 0\.1 s/,
    /^TimedOut: .*it took longer/,
    /^404 11 http:\/\/behind\.invalid\/hello <nothing>$/,
    /^HttpError: .*proxy/i,
  ];
  wanted.forEach((line, i) => assert.match(printed[i], line));
});

test("what is for one server is told to no other", async (context) => {
  const { url } = await server(context);
  const other = (await server(context)).url;
  const away = (to, from = url) => `${from}/away?${encodeURIComponent(to)}`;
  const named = url.replace("//", "//me:word@");
  const me = `Basic ${Buffer.from("me:word").toString("base64")}`;
  const cases = {
    [`get ${url}/who secret=s`]: `${url}/who <s s>`,
    [`get ${away("/who")} secret=s`]: `${url}/who <s s>`,
    [`get ${away(`${other}/who`)} secret=s`]: `${other}/who <undefined undefined>`,
    [`get ${away(`${other}/who`)} secret=s body=text`]: `${other}/who <undefined undefined>`,
    [`get ${away(away(`${url}/who`, other))} secret=s`]: `${url}/who <s s>`, // back at home
    [`get ${away("/who", named)}`]: `${url}/who <${me} undefined>`,
    [`get ${away(`${other}/who`, named)}`]: `${other}/who <undefined undefined>`,
    [`get ${away(`${url.replace("127.0.0.1", "localhost")}/who`)} secret=s`]: `${url.replace("127.0.0.1", "localhost")}/who <undefined undefined>`,
  };
  const printed = await client(["client", ...Object.keys(cases)]);
  Object.entries(cases).forEach(([instruction, answer], i) => assert.equal(printed[i], `200 11 ${answer}`, instruction));
});

test("a client of the environment's proxy", async (context) => {
  const { url } = await server(context);
  assert.match((await client(["get http://behind.invalid/x"], { http_proxy: url }))[0], /^404 11 http:\/\/behind\.invalid\/x <nothing>$/);
  assert.match((await client(["client proxy=", "get http://behind.invalid/x"], { http_proxy: url }))[0], /^HttpError: .*behind\.invalid/);
});

test("connections are used again, and no more are open than asked for", async (context) => {
  const { url, seen } = await server(context);
  assert.deepEqual(await client([`many 20 1 ${url}/hello`]), ["20 came"]);
  assert.deepEqual(seen, { connections: 1, requests: 20, brokenOff: 0 });
  assert.deepEqual(await client([`many 20 3 ${url}/hello`]), ["20 came"]);
  assert.ok(seen.connections <= 4, `${seen.connections} connections`);
  seen.connections = 0;
  assert.deepEqual(await client(["client connections=2", `many 50 50 ${url}/hello`]), ["50 came"]);
  assert.ok(seen.connections <= 2, `${seen.connections} connections`);
});

test("a cancellation at any turn stops the transfer", async (context) => {
  const { url, seen } = await server(context);
  const lines = await client(["client", `cancel ${url}/large`, `cancel_lines ${url}/lines`, `cancel ${url}/br`, "files"]);
  assert.deepEqual(lines.slice(0, 3), Array(3).fill("cancelled, then it came to its end"));
  assert.equal(lines[3], "0 more files");
  await settled(() => seen.brokenOff > 10);
});

test("what is broken off is closed at the server, too", async (context) => {
  const { url, seen } = await server(context);
  const printed = await client([`head ${url}/endless`, `timeout 0.2 ${url}/silent`, `forget ${url}/endless`, `forget ${url}/stall`]);
  assert.deepEqual(printed, [`200 11 ${url}/endless <>`, "TimedOut [-]", "200", "200"]);
  await settled(() => seen.brokenOff === 4);
});

test("in debug mode a response that was never closed is told of", async (context) => {
  const { url } = await server(context);
  const result = await run(program, ["client", `forget ${url}/stall`], { base: clean, env: { ...sanitized, WEFT_DEBUG: "1" } });
  assert.match(result.stderr, /a HTTP response was never closed/);
});

test("a body is sent as it is made", async (context) => {
  const { url } = await server(context);
  const cases = {
    [`parts POST 3 5 ${url}/echo`]: `200 11 ${url}/echo x-request=POST,,,,chunked <aaaaabbbbbccccc>`,
    [`parts PUT 3 5 ${url}/echo`]: `200 11 ${url}/echo x-request=PUT,,,,chunked <aaaaabbbbbccccc>`,
    [`parts POST 0 5 ${url}/echo`]: `200 11 ${url}/echo x-request=POST,,,,chunked <>`,
    [`parts POST 20 100000 ${url}/echo`]: `200 11 ${url}/echo x-request=POST,,,,chunked <2000000>`,
  };
  assert.deepEqual(await client(Object.keys(cases)), Object.values(cases));
  const refusing = await bytes(context, "HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\n\r\nstop", "stay");
  assert.match((await client([`parts POST 10000 1000 ${refusing}/`]))[0], /^413 11 .* <stop>$/);
  const reset = await bytes(context, "", "reset");
  assert.match((await client([`parts POST 100000 10000 ${reset}/`]))[0], /^HttpError: POST .*\[(ECONNRESET|EPIPE)\]$/);
});

test("in virtual time a transfer takes none", async (context) => {
  const { url } = await server(context);
  assert.deepEqual(await client(["client", `chunks ${url}/slow`, `lines ${url}/lines`, `many 10 3 ${url}/hello`, "files"], { WEFT_VIRTUAL: "1" }),
    ["4", "[one] [two] [] [three] 0", "10 came", "0 more files"]);
});

test("too many open files are an error, and then things go on", async (context) => {
  const { url } = await server(context);
  const printed = await client(["client", "limit_files -5", `get ${url}/hello`, "limit_files 4", `many 20 20 ${url}/slow`, "limit_files 100", `get ${url}/hello`]);
  assert.match(printed[0], /^HttpError: GET .*: too many open files \(EMFILE\) \[EMFILE\]$/);
  assert.match(printed[1], /^ErrorGroup/);
  assert.match(printed[2], /<hello>$/);
});

// --- TLS and HTTP/2 ---

const folder = mkdtempSync(join(tmpdir(), "weft-http-"));
after(() => rmSync(folder, { recursive: true }));
const inFolder = (name) => join(folder, name);

const certificate = (async () => {
  const result = await run("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", inFolder("key.pem"), "-out", inFolder("cert.pem"),
  ]);
  assert.equal(result.status, 0, howItEnded(result));
  return { key: readFileSync(inFolder("key.pem")), cert: readFileSync(inFolder("cert.pem")) };
})();

test("TLS and HTTP/2", async (context) => {
  const seen = { connections: 0 };
  const made = createSecureServer({ ...(await certificate), allowHTTP1: true }, serve);
  made.on("secureConnection", () => seen.connections++);
  const url = await listening(context, made, "https");
  const ca = `ca_file=${inFolder("cert.pem")}`;
  const byName = url.replace("127.0.0.1", "localhost");
  const wrongName = url.replace("127.0.0.1", "127.0.0.2");
  const cases = [
    ["client"], [`get ${url}/hello`, /^TlsError: GET .*: SSL certificate problem: self[- ]signed certificate \[-\]$/],
    [`client ${ca}`], [`get ${url}/hello`, /^200 20 .* <hello>$/],
    [`get ${byName}/hello`, /^200 20 .* <hello>$/],
    [`get ${wrongName}/hello`, /^(TlsError: GET .*: SSL: no alternative certificate subject name matches|HttpError: .*ECONNREFUSED)/],
    [`get ${url}/echo body=text`, /^200 20 .* x-request=POST,,,4, <text>$/],
    [`parts POST 20 10000 ${url}/echo`, /^200 20 .* x-request=POST,,,, <200000>$/],
    [`get ${url}/large`, /\(3000000\)$/], [`slow ${url}/large`, /^3000000$/], [`reads ${url}/large`, /^3000000$/],
    [`lines ${url}/lines`, /^\[one\] \[two\] \[\] \[three\] 0$/],
    [`get ${url}/gzip`, /<squeezed>$/], [`get ${url}/moved`, /^200 20 .*\/echo\?there/],
    [`many 30 30 ${url}/hello`, /^30 came$/],
    [`get ${url}/silent idle=0.1`, /^TimedOut/], [`head ${url}/endless`, /^200 20/], [`cancel ${url}/hello`, /^cancelled/],
    [`client ${ca} http1=1`], [`get ${url}/hello`, /^200 11 .* <hello>$/],
    ["client insecure=1"], [`get ${url}/hello`, /^200 20 .* <hello>$/],
    [`client ca_file=${inFolder("none.pem")}`], [`get ${url}/hello`, /^TlsError: GET .*none\.pem/],
    [`get ${url.replace("https", "http")}/hello`, /^HttpError/],
    ["files", /^0 more files$/],
  ];
  const printed = await client(cases.map(([instruction]) => instruction));
  cases.filter(([, wanted]) => wanted).forEach(([instruction, wanted], i) => assert.match(printed[i], wanted, instruction));
});

test("a server that speaks no TLS where it is asked to is told of", async (context) => {
  const { url } = await server(context);
  assert.match((await client([`get ${url.replace("http", "https")}/hello`]))[0], /^TlsError: GET .*(wrong version number|SSL)/);
});

// --- nginx ---

async function freePort() {
  const probe = createTcpServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const configuration = (prefix, plain, secure) => `
daemon off; master_process off; pid ${prefix}/pid; error_log stderr info;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path ${prefix}/b; proxy_temp_path ${prefix}/p; fastcgi_temp_path ${prefix}/f;
  uwsgi_temp_path ${prefix}/u; scgi_temp_path ${prefix}/s;
  gzip on; gzip_min_length 1; types { text/plain txt; }
  server {
    listen 127.0.0.1:${plain}; listen 127.0.0.1:${secure} ssl http2;
    ssl_certificate ${inFolder("cert.pem")}; ssl_certificate_key ${inFolder("key.pem")};
    root ${prefix};
    location /moved { return 301 http://127.0.0.1:${plain}/page.txt; }
    location /closed { return 444; }
  }
}`;

// Its two URLs, plain and by TLS. A port that was free may be taken by now: then another one is.
async function nginx(context, prefix) {
  for (;;) {
    const [plain, secure] = [await freePort(), await freePort()];
    writeFileSync(join(prefix, "nginx.conf"), configuration(prefix, plain, secure));
    const child = spawn("nginx", ["-p", prefix, "-c", join(prefix, "nginx.conf"), "-e", "stderr"], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    const runs = await new Promise((resolve) => {
      child.stderr.on("data", (data) => {
        said += data;
        if (/using the ".*" event method/.test(said)) resolve(true);
      });
      child.on("error", (error) => ((said += error.message), resolve(false)));
      child.on("close", () => resolve(false));
    });
    if (runs) {
      context.after(() => new Promise((resolve) => child.on("close", resolve).kill("SIGTERM")));
      return [`http://127.0.0.1:${plain}`, `https://127.0.0.1:${secure}`];
    }
    assert.match(said, /Address already in use/);
  }
}

test("nginx", async (context) => {
  await certificate;
  const prefix = inFolder("nginx");
  mkdirSync(prefix);
  const page = "a page of nginx's\n".repeat(1000);
  writeFileSync(join(prefix, "page.txt"), page);
  cpSync(at("web/public/data"), join(prefix, "data"), { recursive: true });
  const [plain, secure] = await nginx(context, prefix);
  const cases = [
    ["client"], [`get ${plain}/page.txt`, `200 11 ${plain}/page.txt (${page.length})`],
    [`get ${plain}/moved`, `200 11 ${plain}/page.txt (${page.length})`],
    [`get ${plain}/closed`, /^HttpError: GET .*: Empty reply from server/],
    [`head ${plain}/none`, `404 11 ${plain}/none <>`],
    [`many 100 10 ${plain}/page.txt`, "100 came"],
    [`client ca_file=${inFolder("cert.pem")}`],
    [`get ${secure}/page.txt`, `200 20 ${secure}/page.txt (${page.length})`],
    [`get ${secure}/moved`, `200 11 ${plain}/page.txt (${page.length})`],
    [`many 100 10 ${secure}/page.txt`, "100 came"],
    [`chunks ${secure}/page.txt`, `${page.length}`],
    [`cancel ${secure}/page.txt`, /^cancelled/],
    ["files", "0 more files"],
  ];
  const printed = await client(cases.map(([instruction]) => instruction));
  cases.filter(([, wanted]) => wanted).forEach(([instruction, wanted], i) => {
    if (typeof wanted === "string") assert.equal(printed[i], wanted, instruction);
    else assert.match(printed[i], wanted, instruction);
  });
  // The examples, natively and under Node, whose fetch it is then.
  for (const [name, last] of [["fetch", "data from c"], ["lines", "that was all"], ["download", "121 bytes, 0 failed"]]) {
    const underNode = run(process.execPath, [runModule, at(`build/wasm/examples/${name}.wasm`)], { env: { WEFT_BASE: `${plain}/` } });
    for (const result of await Promise.all([underNode, run(at(`build/native/examples/${name}`), [`${plain}/`])])) {
      assert.equal(result.status, 0, howItEnded(result));
      assert.equal(result.stdout.trimEnd().split("\n").at(-1), last);
    }
  }
});
