// TLS against other programs: curl, openssl's client and server, and Node's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import tls from "node:tls";
import { at, howItEnded, run } from "./lib/project.mjs";

const peer = at("build/native/tests/programs/tls_peer");
const folder = mkdtempSync(join(tmpdir(), "weft-tls-"));
const file = (name) => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

// --- Certificates ---

async function openssl(...args) {
  const result = await run("openssl", args, { cwd: folder });
  assert.equal(result.status, 0, howItEnded(result));
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

async function issue(name, extensions) {
  writeFileSync(file(`${name}.ext`), extensions);
  await openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
  await openssl("x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
    "-extfile", `${name}.ext`, "-out", `${name}.pem`);
}

await openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "2");
await issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1");
await issue("client", "extendedKeyUsage=clientAuth");
const [ca, key, cert] = ["ca.pem", "server.key", "server.pem"].map((name) => readFileSync(file(name)));

// --- Programs that run beside the test ---

// Starts one and waits until it has said something that matches; the match is given to `use`, and then it is ended.
async function beside([command, ...args], pattern, use) {
  const child = spawn(command, args, { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  try {
    const match = await new Promise((resolve, reject) => {
      const listen = (text) => {
        said += text;
        const found = pattern.exec(said);
        if (found) resolve(found);
      };
      child.stdout.setEncoding("utf8").on("data", listen);
      child.stderr.setEncoding("utf8").on("data", listen);
      child.on("error", reject);
      child.on("close", (status) => reject(new Error(`${command} ended with ${status}: ${said}`)));
    });
    await use(Number(match[1]), child);
    assert.equal(child.exitCode, null, `it ended: ${said}`);
  } finally {
    if (child.exitCode === null) {
      const closed = new Promise((resolve) => child.on("close", resolve));
      child.kill("SIGKILL");
      await closed;
    }
  }
  return said;
}

const serving = (options, use) => beside([peer, "serve", file("server.pem"), file("server.key"), ...options], /^(\d+)\n/, use);
const opensslServing = (options, use) =>
  beside(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key", ...options], /ACCEPT .*:(\d+)/, use);
const visit = (port, ...args) => run(peer, ["visit", "localhost", String(port), `ca=${file("ca.pem")}`, ...args]);

// openssl's client, which takes turns: it says a text when what has been said before matches. Then its input ends.
function opensslClient(port, args, ...turns) {
  return new Promise((resolve, reject) => {
    const known = ["-connect", `localhost:${port}`, "-CAfile", "ca.pem", "-verify_return_error"];
    const child = spawn("openssl", ["s_client", ...known, ...args], { cwd: folder, timeout: 60_000 });
    const result = { said: "" };
    const listen = (text) => {
      result.said += text;
      while (turns.length > 0 && turns[0][0].test(result.said)) {
        const [, answer] = turns.shift();
        if (answer === null) child.stdin.end();
        else child.stdin.write(answer);
      }
    };
    child.stdin.on("error", () => {}); // it may end before it has heard all
    child.stdout.setEncoding("utf8").on("data", listen);
    child.stderr.setEncoding("utf8").on("data", listen);
    child.on("error", reject);
    child.on("close", (status) => resolve({ ...result, status }));
  });
}

// It is connected, and what it sees of the server is in order.
const agreed = /Verify return code: 0/;
const echo = [[agreed, "an echo\n"], [/^an echo$/m, null]];

// --- weft serves ---

test("curl", async (context) => {
  await serving(["alpn=http/1.1"], async (port) => {
    const curl = (...args) => run("curl", ["-sS", "--noproxy", "*", ...args, `https://localhost:${port}/`]);
    const trusting = ["--cacert", file("ca.pem")];
    await context.test("TLS 1.3", async () => {
      const result = await curl(...trusting);
      assert.equal(result.stdout, "TLSv1.3 http/1.1 - new\n", howItEnded(result));
    });
    await context.test("TLS 1.2", async () => {
      const result = await curl(...trusting, "--tls-max", "1.2");
      assert.equal(result.stdout, "TLSv1.2 http/1.1 - new\n", howItEnded(result));
    });
    await context.test("one that does not trust the server, and one of another time", async () => {
      assert.equal((await curl()).status, 60);
      assert.equal((await curl(...trusting, "--tls-max", "1.1")).status, 35);
    });
    await context.test("the server is none the worse for it", async () => {
      assert.equal((await curl(...trusting)).status, 0);
    });
  });
});

test("a client's certificate, asked for", async () => {
  await serving([`ca=${file("ca.pem")}`], async (port) => {
    const curl = (...args) => run("curl", ["-sS", "--noproxy", "*", "--cacert", file("ca.pem"), ...args, `https://localhost:${port}/`]);
    const known = await curl("--cert", file("client.pem"), "--key", file("client.key"));
    assert.equal(known.stdout, "TLSv1.3 - CN=client new\n", howItEnded(known));
    assert.notEqual((await curl()).status, 0);
  });
});

test("openssl s_client", async (context) => {
  await serving(["alpn=two"], async (port) => {
    for (const version of ["-tls1_2", "-tls1_3"])
      await context.test(version, async () => {
        const { said, status } = await opensslClient(port, [version, "-alpn", "one,two"], ...echo);
        assert.match(said, /ALPN protocol: two/);
        assert.equal(status, 0);
      });
    await context.test("keys are renewed", async () => {
      // K: it renews its own, and asks the server to
      const { said, status } = await opensslClient(port, ["-tls1_3"], [agreed, "K\n"], [/KEYUPDATE/, "an echo\n"], [/^an echo$/m, null]);
      assert.match(said, /^an echo$/m);
      assert.equal(status, 0, said);
    });
    await context.test("a renegotiation is refused", async () => {
      const { said } = await opensslClient(port, ["-tls1_2"], [agreed, "R\n"]);
      assert.match(said, /RENEGOTIATING[^]*no renegotiation/);
    });
    await context.test("a session is resumed", async () => {
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const first = await opensslClient(port, [version, "-sess_out", "session"], ...echo);
        assert.match(first.said, /^New, TLS/m);
        const second = await opensslClient(port, [version, "-sess_in", "session"], ...echo);
        assert.match(second.said, /^Reused, TLS/m);
      }
    });
  });
});

// All that comes, and how it ended.
function collect(socket) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", () => resolve(Buffer.concat(chunks)));
    socket.on("error", reject);
  });
}

test("Node's client sends and gets 5 MB at once", async () => {
  await serving([], async (port) => {
    const data = Buffer.alloc(5_000_000, "some of it, ");
    const socket = tls.connect({ host: "localhost", port, ca, allowHalfOpen: true });
    socket.end(data);
    const got = await collect(socket);
    assert.ok(got.equals(data), `${got.length} bytes`);
  });
});

test("clients that speak no TLS, stop, or cut records anywhere", async () => {
  const said = await serving([], async (port) => {
    const answer = async (text) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.end(text);
      return collect(socket);
    };
    for (const text of ["GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\x02\x00\x01", ""]) assert.equal((await answer(text)).length, 0);
    const wire = net.connect(port, "127.0.0.1").setNoDelay(true);
    const cut = new (await import("node:stream")).Duplex({
      read() {},
      write(chunk, _, done) {
        for (let i = 0; i < chunk.length; i += 11) wire.write(chunk.subarray(i, i + 11));
        done();
      },
    });
    wire.on("data", (chunk) => cut.push(chunk));
    wire.on("end", () => cut.push(null));
    const socket = tls.connect({ socket: cut, servername: "localhost", ca });
    socket.write("an echo\n");
    const [text] = await new Promise((resolve, reject) => socket.on("data", (...all) => resolve(all)).on("error", reject));
    assert.equal(String(text), "an echo\n");
    wire.destroy();
  });
  // the last one ended without close_notify; of the others nothing is told
  assert.doesNotMatch(said, /agree/);
});

// --- weft visits ---

test("openssl s_server", async (context) => {
  for (const [name, options] of [["TLS 1.3", []], ["TLS 1.2", ["-tls1_2"]]])
    await context.test(name, async () => {
      await opensslServing(["-rev", "-alpn", "two", ...options], async (port) => {
        const result = await visit(port, "alpn=one,two", "times=2", "abc", "def");
        const version = name.replace("TLS ", "TLSv");
        assert.equal(result.stdout, `${version} two CN=server new\ncba\nfed\n${version} two CN=server resumed\ncba\nfed\n`, howItEnded(result));
      });
    });
  await context.test("that does not speak the version", async () => {
    await opensslServing(["-tls1_2"], async (port) => {
      const result = await visit(port, "min=1.3");
      assert.match(result.stderr, /TlsError: cannot agree on TLS with localhost: .*alert protocol version/);
    });
  });
  await context.test("that nobody vouches for", async () => {
    await opensslServing([], async (port) => {
      const result = await run(peer, ["visit", "localhost", String(port)]);
      assert.equal(result.status, 1);
      assert.match(result.stderr, /TlsError: cannot agree on TLS with localhost: certificate verify failed: unable to get local issuer certificate/);
      assert.match((await visit(port, "insecure")).stdout, /^TLSv1.3/);
    });
  });
});

// Node's server does with each connection what it is told to, on a free port.
async function nodeServing(options, handle, use) {
  const server = tls.createServer({ key, cert, ...options }, handle);
  server.on("tlsClientError", () => {});
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(server.address().port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test("Node's server", async (context) => {
  await context.test("echoes", async () => {
    const echo = (socket) => socket.on("error", () => {}).pipe(socket);
    await nodeServing({ allowHalfOpen: true }, echo, async (port) => {
      const text = "x".repeat(100_000);
      const result = await visit(port, text, "the end");
      assert.equal(result.stdout, `TLSv1.3 - CN=server new\n${text}\nthe end\n`, howItEnded(result));
    });
  });
  await context.test("asks for a certificate", async () => {
    // Node calls this inside of OpenSSL's handshake, where an end would be one without close_notify
    const handle = (socket) => {
      const name = socket.getPeerCertificate().subject.CN;
      socket.on("error", () => {}).resume().on("end", () => setImmediate(() => socket.end(name)));
    };
    await nodeServing({ requestCert: true, ca, allowHalfOpen: true }, handle, async (port) => {
      const result = await visit(port, `certificate=${file("client.pem")}`, `key=${file("client.key")}`);
      assert.equal(result.stdout, "TLSv1.3 - CN=server new\nclient", howItEnded(result));
      assert.match((await visit(port)).stderr, /TlsError: TLS with localhost failed: .*alert certificate required/);
    });
  });
  await context.test("ends without close_notify", async () => {
    const handle = (socket) => socket.on("error", () => {}).write("the first half", () => socket.destroy());
    await nodeServing({}, handle, async (port) => {
      const result = await visit(port, "times=0");
      assert.equal(result.status, 1);
      assert.match(result.stdout, /the first half$/);
      assert.match(result.stderr, /TlsError: TLS with localhost failed: the connection was cut short/);
    });
  });
  await context.test("hangs up in the handshake", async () => {
    const server = net.createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end()));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const result = await visit(server.address().port);
    assert.match(result.stderr, /TlsError: cannot agree on TLS with localhost: it ended the connection/);
    server.close();
  });
});
