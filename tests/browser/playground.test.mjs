import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { at, run as runProgram } from "../node/lib/project.mjs";
import { button, choose, ended, exampleNames, groups, openPage, output, outputLines, picker, readChart, readTable, run, shown, startBrowser, useVirtualTime, status } from "./page.mjs";

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

/* The first slider of each kind by what it sets. */
const slider = (page, field) => page.locator(`input[name="${field}"]`);
const overlap = (a, b) => a.started < b.ended && b.started < a.ended;
const fetches = (rows) => rows.filter(({ task }) => /\bfetch\b/.test(task));

test("the list shows every group and example in teaching order, with a sentence on what to look for", async (t) => {
    const page = await openPage(t, site);
    await picker(page, "gather").click();
    const list = page.locator("#examples");
    assert.deepEqual((await list.getByRole("heading").allTextContents()).slice(0, groups.length), groups.map(({ title }) => title));
    const entries = await list.locator("li").evaluateAll((items) => items.map((item) => [...item.children].map((child) => child.textContent)));
    const wanted = groups.flatMap(({ examples }) => examples.map(({ name, title, look }) => [title, name, look]));
    assert.deepEqual(entries.slice(0, wanted.length), wanted);
    for (const sentence of wanted.map(([, , look]) => look)) {
        assert.match(sentence, /^[A-Z].*\.$/);
    }
    assert.equal(await list.locator("[aria-current]").textContent(), "All at once");
    await list.getByRole("link", { name: "So many at a time" }).click();
    await page.getByRole("textbox", { name: "Source of semaphore.c" }).waitFor();
    assert.match(page.url(), /#semaphore$/);
    assert.equal(await list.isVisible(), false);
});

test("an example has an address, and the buttons beside the list go on and back", async (t) => {
    const page = await openPage(t, site, exampleNames[0]);
    const at = async (place) => {
        await shown(page, exampleNames[place]);
        assert.equal(new URL(page.url()).hash, `#${exampleNames[place]}`);
    };
    const link = (way) => page.getByRole("link", { name: `${way} example` });
    await link("Next").click();
    await at(1);
    await link("Next").click();
    await at(2);
    await link("Previous").click();
    await at(1);
    await page.goBack();
    await at(2);
    await page.evaluate(() => (location.hash = ""));
    await shown(page, exampleNames[0]);
});

/* What the program prints natively. */
async function printed(name) {
    const { stdout } = await runProgram(at(`build/native/examples/${name}`), [], { env: { WEFT_VIRTUAL: "1" } });
    return stdout.trimEnd().split("\n");
}

/* Each on a page of its own, some at a time: in real time they mostly sleep. */
test("every example runs and prints what it prints natively", { concurrency: 4 }, async (context) => {
    const check = async (t, name) => {
        const page = await openPage(t, site, name);
        for (const words of [/^Finished after/, /^Finished at virtual time/]) {
            await run(page);
            assert.match(await status(page).textContent(), words);
            assert.deepEqual(await output(page).locator("> .stdout").allTextContents(), await printed(name));
            const rows = await readTable(page);
            assert.ok(rows.length > 0);
            for (const row of rows) {
                assert.ok(row.ended >= row.started, `${row.task}: ${row.started} to ${row.ended}`);
                assert.match(row.outcome, /^(value|error|cancelled)(;|$)/);
            }
            await useVirtualTime(page);
        }
    };
    await Promise.all(exampleNames.map((name) => context.test(`${name} in real and in virtual time`, (t) => check(t, name))));
});

test("the pitfalls are reported in the console", async (t) => {
    const page = await openPage(t, site, "never_awaited");
    await run(page);
    assert.match((await output(page).locator("> .stderr").allTextContents()).join("\n"), /'save' called at .*never_awaited\.c:\d+ was never awaited/);
    await choose(page, "blocking_sleep");
    await run(page);
    assert.match((await output(page).locator("> .stderr").allTextContents()).join("\n"), /nap: a step of task \d+ took \d\.\d+ s and blocked all others/);
});

for (const clock of ["real", "virtual"]) {
    test(`in ${clock} time fetches lie side by side in gather and end to end in sequential`, async (t) => {
        const page = await openPage(t, site, "sequential");
        if (clock === "virtual") {
            await useVirtualTime(page);
        }
        await run(page);
        const oneByOne = fetches(await readTable(page));
        assert.equal(oneByOne.length, 3);
        oneByOne.slice(1).forEach((row, index) => assert.ok(row.started >= oneByOne[index].ended, "one begins when the last has ended"));

        await choose(page, "gather");
        await run(page);
        const together = fetches(await readTable(page));
        assert.equal(together.length, 3);
        together.slice(1).forEach((row) => assert.ok(overlap(row, together[0]), "all overlap"));
    });
}

test("the console shows what gather prints, with the time beside it", async (t) => {
    const page = await openPage(t, site, "gather");
    await useVirtualTime(page);
    await run(page);
    const lines = await output(page).locator("> div").evaluateAll((divs) => divs.map((div) => div.dataset.time));
    assert.ok(lines.length > 1 && lines.every((time) => /^\d+\.\d{3} s$/.test(time)));
});

test("the sliders are the program's parameters and are remembered", async (t) => {
    const page = await openPage(t, site, "gather");
    await useVirtualTime(page);
    await slider(page, "count").fill("5");
    await slider(page, "delay").fill("2");
    await run(page);
    const rows = fetches(await readTable(page));
    assert.equal(rows.length, 5);
    assert.ok(rows.every((row) => row.ended - row.started === 2));
    await choose(page, "sequential");
    await choose(page, "gather");
    assert.equal(await slider(page, "count").inputValue(), "5");
});

test("with one permit the semaphore's tasks take turns", async (t) => {
    const page = await openPage(t, site, "semaphore");
    await useVirtualTime(page);
    const finish = async (permits) => {
        await slider(page, "permits").fill(String(permits));
        await run(page);
        return Math.max(...(await readTable(page)).map((row) => row.ended));
    };
    const [one, two] = [await finish(1), await finish(2)];
    assert.ok(one > two, `${one} s with one permit, ${two} s with two`);
    assert.ok((await readTable(page)).some(({ waits }) => waits.includes("semaphore")));
});

test("the timeout cancels the fetch, which the table and the chart tell", async (t) => {
    const page = await openPage(t, site, "timeout");
    await useVirtualTime(page);
    await run(page);
    const [, , fast, , slow] = await readTable(page);
    assert.deepEqual([fast.outcome, fast.ended, slow.outcome, slow.ended], ["value", 0.5, "cancelled", 1.5]);
    const told = (await readChart(page)).join("\n");
    assert.match(told, /deadline at 1\.500 s: after 1\ss · line \d+ of timeout\.c/);
    assert.match(told, /cancel request by the loop at 1\.500 s/);
    assert.match(told, /awaits fetch from 0\.500 s to 1\.500 s, 1\ss, cancelled/);
    assert.match(told, /error at 1\.500 s: TimedOut/);
    assert.equal(told.match(/deadline at/g).length, 1, "the fast one met its deadline");
});

test("a failing task, its cancelled siblings and the group's error are told apart", async (t) => {
    const page = await openPage(t, site, "task_group");
    await useVirtualTime(page);
    await run(page);
    assert.deepEqual(
        (await readTable(page)).map(({ outcome, waits }) => [outcome, waits]),
        [["value", "task group of 4 tasks"], ["value", "sleep 0.4\u00a0s"], ["error", "sleep 0.8\u00a0s"], ["cancelled", "sleep 1.2\u00a0s"], ["error", "sleep 1.6\u00a0s"]],
    );
    const told = (await readChart(page)).join("\n");
    assert.match(told, /^fetch Task-6 · error at 0\.800 s: RuntimeError: fetch 2 found nothing/m);
    assert.match(told, /^fetch Task-8 · cancelled at 0\.800 s/m);
    assert.match(told, /^fetch Task-\d+ · error at 0\.800 s: RuntimeError: fetch 4 could not clean up/m);
    assert.match(told, /^task_group Task-1 · error at 0\.800 s: ErrorGroup/m);
    assert.equal(told.match(/error at/g).length, 3);
});

test("waiting for a permit is told apart from sleeping, and a task by its name", async (t) => {
    const page = await openPage(t, site, "semaphore");
    await useVirtualTime(page);
    await run(page);
    const told = (await readChart(page)).join("\n");
    assert.match(told, /waits for semaphore from 0\.000 s to 0\.250 s.*\n.*waits for sleep 0\.75\ss from 0\.250 s to 1\.000 s/);
    await choose(page, "create_task");
    await run(page);
    const [main, news, mail] = await readTable(page);
    assert.deepEqual([main.task, news.task, mail.task], ["create_task Task-1", "news fetch", "mail fetch"]);
    assert.equal(main.waits, "sleep 1\u00a0s, mail");
});

test("a run can be stopped, and the coroutine cleans up", async (t) => {
    const page = await openPage(t, site, "sleeper");
    await button(page, "Run").click();
    await output(page).getByText("sleeping").waitFor();
    await button(page, "Stop").click();
    await ended(page);
    assert.match(await status(page).textContent(), /^Stopped at .* cleaned up/);
    assert.ok((await outputLines(page)).includes("cleaned up"));
    assert.equal((await readTable(page))[0].outcome, "cancelled");
});

test("a runaway is stopped, the page responds all the while, and the next run is unharmed", async (t) => {
    const page = await openPage(t, site, "spin");
    await button(page, "Run").click();
    await output(page).getByText("about to spin").waitFor();
    await page.getByRole("radio", { name: "Virtual time" }).check();
    await button(page, "Stop").click();
    await ended(page);
    assert.equal(await status(page).textContent(), "Stopped: the program did not end by itself and was ended.");
    await choose(page, "gather");
    await run(page);
    assert.match(await status(page).textContent(), /^Finished/);
});

test("a program that floods the console is ended, and what is kept of it is bounded", async (t) => {
    const page = await openPage(t, site, "flood");
    await run(page);
    assert.equal(await status(page).textContent(), "Stopped: the program has printed more than 16 million characters.");
    assert.ok((await output(page).locator("> div").count()) <= 2005);
});

test("the endless output of a program that gives way can be stopped", async (t) => {
    const page = await openPage(t, site, "ticker");
    await button(page, "Run").click();
    await page.waitForFunction(() => document.getElementById("output").childElementCount > 50);
    /* It may come to its limit on a quick machine before a pointer is there; then there is nothing left to stop. */
    await button(page, "Stop").dispatchEvent("click");
    await ended(page);
    assert.match(await status(page).textContent(), /^Stopped/);
    assert.ok((await output(page).locator("> div").count()) <= 2005);
});

test("another example ends a run without a word", async (t) => {
    const page = await openPage(t, site, "spin");
    await button(page, "Run").click();
    await output(page).getByText("about to spin").waitFor();
    await choose(page, "gather");
    assert.equal(await status(page).textContent(), "");
    assert.deepEqual(await outputLines(page), []);
    assert.equal(await button(page, "Run").isEnabled(), true);
    assert.equal(await button(page, "Stop").isEnabled(), false);
});

test("an error is shown with the way it took", async (t) => {
    const page = await openPage(t, site, "fail");
    await useVirtualTime(page);
    await run(page);
    const lines = await outputLines(page);
    const text = lines.join("\n");
    assert.match(text, /looking for the plan/);
    assert.match(text, /Traceback \(most recent call last\):\n {2}File ".*troubles\.c", line \d+, in fail\n {2}File ".*troubles\.c", line \d+, in open_file\nRuntimeError: the file plan\.txt is not there/);
    assert.match(await status(page).textContent(), /^Failed at 0\.250 s: RuntimeError/);
    assert.match(await status(page).evaluate((told) => getComputedStyle(told, "::before").content), /✕/);
    const [task, awaited] = await readTable(page);
    assert.deepEqual([task.outcome, awaited.outcome], ["error", "error"]);
});

test("a trap and a missing module are told in the console", async (t) => {
    const page = await openPage(t, site, "trap", { expectErrors: true });
    const cases = { trap: /^WebAssembly trap: /m, missing_module: /could not be (fetched|started).*404/m };
    for (const [name, words] of Object.entries(cases)) {
        await choose(page, name);
        await run(page);
        assert.match((await outputLines(page)).join("\n"), words);
        assert.match(await status(page).textContent(), /^(Failed|The program could not be started)/);
    }
});

test("ten thousand tasks are drawn, the table says how many more there are", async (t) => {
    const page = await openPage(t, site, "crowd");
    await useVirtualTime(page);
    await run(page);
    assert.deepEqual((await outputLines(page)).filter((line) => line.includes("tasks slept")), ["10000 tasks slept"]);
    await page.getByText("9,501 more rows in the chart only.").waitFor();
    const chart = page.getByRole("application", { name: "Timeline chart" });
    await chart.press("End");
    await page.getByText(/^nap Task-\d+ · from 0\.000 s to 1\.000 s/).waitFor();
});

test("pointing at a bar tells what it is, and the view zooms and comes back", async (t) => {
    const page = await openPage(t, site, "gather");
    await useVirtualTime(page);
    await run(page);
    const chart = page.getByRole("application", { name: "Timeline chart" });
    const box = await chart.boundingBox();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 28 + 17);
    await page.getByText(/waits for gather of 3 tasks from 0\.000 s to 0\.500 s/).waitFor();
    const before = await chart.screenshot();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height + 20);
    const fitted = await chart.screenshot();
    assert.notDeepEqual(before, fitted, "what is pointed at is outlined");
    await button(page, "Zoom in").click();
    assert.notDeepEqual(await chart.screenshot(), fitted);
    await button(page, "Fit").click();
    assert.deepEqual(await chart.screenshot(), fitted);
});

test("the theme follows the system until it is chosen, and the choice is kept", async (t) => {
    const page = await openPage(t, site, "gather", { colorScheme: "dark" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await button(page, "Dark theme").click();
    const light = await ground();
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await ground(), light);
    await page.emulateMedia({ colorScheme: "light" });
    assert.equal(await ground(), light);
});
