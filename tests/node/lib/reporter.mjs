// Streams what node:test reports, one line a top-level test and the whole of every failure, and ends with
// the names of what failed, once more, and the one line `N passed, M failed`. Only leaves are counted: a
// test that has subtests counts through them, unless it failed by itself. A skipped test and a file
// without tests count as failures, because what did not run has shown nothing.

const failed = (event) => event.type === "test:fail";

function whyItFails({ type, data }, hasSubtests) {
  if (type === "test:fail") {
    const own = !hasSubtests || data.details.error.failureType !== "subtestsFailed";
    return own ? errorText(data.details.error) : null;
  }
  if (data.skip !== undefined && data.skip !== false) return "skipped";
  if (data.todo !== undefined && data.todo !== false) return "marked as still to do";
  const isFile = data.nesting === 0 && data.file?.endsWith(data.name);
  if (!hasSubtests && (isFile || data.details.type === "suite")) return "holds no test";
  return null;
}

function errorText(error) {
  const cause = error.cause ?? error;
  const text = cause.stack ?? cause.message ?? String(cause);
  return text.replace(/^ +at .*node:internal.*\n?/gm, "");
}

const indent = (text) => text.trimEnd().replace(/^/gm, "    ");

export default async function* report(events) {
  let passedTotal = 0;
  const failures = []; // the names
  const leaves = []; // by nesting: how many leaves have ended since the last test one level up did

  for await (const event of events) {
    if (event.type === "test:stderr" || event.type === "test:stdout") {
      yield indent(event.data.message) + "\n";
      continue;
    }
    if (event.type !== "test:pass" && !failed(event)) continue;

    const { name, nesting, details } = event.data;
    const below = leaves[nesting + 1] ?? 0;
    leaves[nesting + 1] = 0;
    const why = whyItFails(event, below > 0);
    const counts = below === 0 || why !== null;
    if (counts && why === null) passedTotal++;
    if (counts && why !== null) failures.push(name);
    leaves[nesting] = (leaves[nesting] ?? 0) + below + (counts ? 1 : 0);

    if (why !== null) yield `FAILED ${name}\n${indent(why)}\n`;
    if (nesting === 0) {
      const size = below > 0 ? `${below} tests, ` : "";
      const seconds = (details.duration_ms / 1000).toFixed(1);
      yield `${failed(event) || why !== null ? "failed" : "ok    "} ${name} (${size}${seconds} s)\n`;
      leaves[0] = 0;
    }
  }
  if (failures.length > 0 || passedTotal === 0) process.exitCode = 1;
  for (const name of failures) yield `FAILED ${name}\n`;
  yield `${passedTotal} passed, ${failures.length} failed\n`;
}
