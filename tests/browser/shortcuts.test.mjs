/* The page's keys: the registry, and the list that shows all of it. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { openPage, startBrowser } from "./page.mjs";

const file = fileURLToPath(new URL("../../web/src/shortcuts.ts", import.meta.url));
const { addShortcuts, keysText, listShortcuts } = (await runnerImport(file, { configFile: false })).module;

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const action = () => {};

test("keys read as they stand on the keyboard", () => {
    assert.deepEqual(
        ["Control+Enter", "Shift+F8", "Alt+ArrowUp", "?", "+", "Control+k Control+i", "Space"].map(keysText),
        ["Ctrl+Enter", "Shift+F8", "Alt+↑", "?", "+", "Ctrl+K Ctrl+I", "Space"],
    );
});

test("a shortcut is listed by its heading until it is taken away", () => {
    const titles = () => [...listShortcuts()].map(([title, shortcuts]) => [title, shortcuts.map(({ words }) => words)]);
    const remove = addShortcuts({ keys: "Control+Enter", words: "Run", action }, { keys: "F8", words: "Next problem", group: "Editor" });
    assert.deepEqual(titles(), [["Page", ["Run"]], ["Editor", ["Next problem"]]]);
    remove();
    assert.deepEqual(titles(), [["Page", []]]);
});

test("the browser's keys are refused, and those that another has", () => {
    assert.throws(() => addShortcuts({ keys: "Control+T", words: "Try", action }), /Control\+t belongs to the browser/);
    assert.throws(() => addShortcuts({ keys: "F5", words: "Again", action }), /F5 belongs to the browser/);
    const remove = addShortcuts({ keys: ["F9", "Control+Enter"], words: "Run", action });
    assert.throws(() => addShortcuts({ keys: "Control+Enter", words: "Stop", action }), /Control\+Enter is "Run"/);
    remove();
    const both = ["Run", "Stop"].map((words) => addShortcuts({ keys: "Control+Enter", words, action, when: () => words === "Run" }));
    addShortcuts({ keys: "Control+F", words: "Search, in the editor" })();
    both.forEach((take) => take());
});

test("F1 and the question mark list every key, and a single character can be turned off", async (t) => {
    const page = await openPage(t, site, "gather");
    const dialog = page.getByRole("dialog", { name: "Keyboard" });
    await page.keyboard.press("F1");
    await dialog.getByText("Run the program").waitFor();
    await dialog.getByText("Zoom in, out").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await dialog.isVisible(), false);
    await page.getByRole("button", { name: "Keyboard" }).click();
    await dialog.getByRole("checkbox").uncheck();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.keyboard.press("?");
    assert.equal(await dialog.isVisible(), false);
    await page.getByRole("button", { name: "Keyboard" }).press("F1");
    await dialog.getByRole("checkbox").check();
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await dialog.waitFor();
});
