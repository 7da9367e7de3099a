import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, choose, ended, openPage, output, outputLines, picker, readTable, run, shown, startBrowser, useVirtualTime, violations } from "./page.mjs";

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const desk = { width: 1280, height: 860 };
const phone = { width: 360, height: 740 };

for (const colorScheme of ["light", "dark"]) {
    for (const [kind, viewport] of Object.entries({ desk, phone })) {
        test(`axe finds nothing in ${colorScheme} on a ${kind}, before, during and after a run`, async (t) => {
            const page = await openPage(t, site, "timeout", { colorScheme, viewport });
            assert.deepEqual(await violations(page), []);
            await picker(page).click();
            assert.deepEqual(await violations(page), []);
            await page.keyboard.press("Escape");
            await useVirtualTime(page);
            await run(page);
            assert.deepEqual(await violations(page), []);
            for (const tab of await page.getByRole("tab").all()) {
                await tab.click();
                assert.deepEqual(await violations(page), [], await tab.textContent());
            }
            await page.getByRole("tab", { name: "Plot" }).click();
            await button(page, "Sweep").click();
            await page.locator(".plot tbody tr").nth(20).waitFor();
            assert.deepEqual(await violations(page), []);
            await page.getByRole("tab", { name: "Tasks" }).click();
            await choose(page, "fail");
            await run(page);
            assert.deepEqual(await violations(page), []);
            await choose(page, "sleeper");
            await page.getByRole("radio", { name: "Real time" }).check();
            await button(page, "Run").click();
            await output(page).getByText("sleeping").waitFor();
            assert.deepEqual(await violations(page), []);
        });
    }
}

test("no part of the page is wider than the window, whichever panel is shown", async (t) => {
    const page = await openPage(t, site, "semaphore", { viewport: phone });
    await useVirtualTime(page);
    await run(page);
    for (const width of [768, 1280, 1920, 360]) {
        await page.setViewportSize({ width, height: 860 });
        for (const tab of await page.getByRole("tab").all()) {
            await tab.click();
            const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
            assert.equal(widths[0], widths[1], `${await tab.textContent()} in ${width}`);
        }
    }
    const order = await page.evaluate(() => [...document.querySelectorAll("#run, #chart, #output, #table, #source")].map(({ id }) => id));
    assert.deepEqual(order, ["run", "chart", "output", "table", "source"], "the results come before the source");
});

test("the page does not move while it loads or runs", async (t) => {
    const init = () => {
        globalThis.shifts = [];
        new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
    };
    const page = await openPage(t, site, "gather", { init });
    const places = () => page.evaluate(() => ["editor", "chart", "detail", "output", "tasks"].map((id) => JSON.stringify(document.getElementById(id).parentElement.getBoundingClientRect())));
    const before = await places();
    await useVirtualTime(page);
    await run(page);
    assert.deepEqual(await places(), before);
    const shifts = await page.evaluate(() => globalThis.shifts.map(({ value, sources }) => [value, sources.map(({ node }) => node?.id ?? node?.nodeName)]));
    assert.ok(shifts.reduce((sum, [value]) => sum + value, 0) < 0.01, `layout shifts ${JSON.stringify(shifts)}`);
});

test("the keyboard alone chooses, sets, runs, stops and reads", async (t) => {
    const page = await openPage(t, site, "sequential");
    const focus = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim());
    const tabTo = async (name) => {
        for (let presses = 0; presses < 40; presses++) {
            if ((await focus()).endsWith(name)) {
                return;
            }
            await page.keyboard.press("Tab");
        }
        assert.fail(`Tab does not reach ${name}`);
    };
    await tabTo("sequential");
    await page.keyboard.press("Enter");
    assert.equal(await focus(), "One after another", "the list opens where one is");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focus(), "All at once");
    await page.keyboard.press("Escape");
    assert.match(await focus(), /^Example .*: sequential$/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await shown(page, "gather");
    assert.match(await focus(), /^Example .*: gather$/);
    await tabTo("Run");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("radio", { name: "Virtual time" }).isChecked(), true);
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Control+Enter");
    await ended(page);
    assert.equal((await readTable(page)).filter(({ task }) => /fetch/.test(task)).length, 4, "the slider was moved by one");

    await tabTo("Timeline chart");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.getByText(/^fetch Task-\d+ · .*sleep 0\.5\ss from 0\.000 s to 0\.500 s/).waitFor();
    await page.keyboard.press("+");
    await page.keyboard.press("0");
    await page.keyboard.press("Escape");

    await choose(page, "sleeper");
    await page.getByRole("radio", { name: "Real time" }).check();
    await button(page, "Run").focus();
    await page.keyboard.press("Enter");
    await output(page).getByText("sleeping").waitFor();
    assert.equal(await focus(), "Stop", "the focus goes along with the buttons");
    await page.keyboard.press("Enter");
    await ended(page);
    assert.equal(await focus(), "Run");
    assert.ok((await outputLines(page)).includes("cleaned up"));
});

test("where motion is unwanted, a run still shows and ends", async (t) => {
    const page = await openPage(t, site, "gather", { reducedMotion: "reduce" });
    await run(page);
    assert.equal((await readTable(page)).filter(({ ended: end }) => end > 0).length, 4);
});
