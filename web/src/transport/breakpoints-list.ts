/** The list of breakpoints: a button that opens it, each with a way to remove it, and ways to add one. */

import { button, element } from "../elements.ts";
import { instant } from "../format.ts";
import type { Workbench } from "../workbench.ts";
import type { Breakpoints } from "./breakpoints.ts";

export function breakpointsButton(
    workbench: Workbench, breakpoints: Breakpoints, nameOf: (task: number) => string, jumps: HTMLElement[],
): HTMLElement {
    const opener = element("button", { type: "button", popovertarget: "breakpoints" });
    const list = element("ul");
    const popover = element("div", { id: "breakpoints", popover: "auto", role: "dialog", "aria-label": "Breakpoints" },
        element("h3", {}, "Breakpoints"), list, taskForm(), timeForm(), element("div", { class: "jumps" }, ...jumps));
    const show = () => {
        opener.replaceChildren(breakpoints.size === 0 ? "Breakpoints" : `Breakpoints (${breakpoints.size})`);
        list.replaceChildren(...entries());
    };

    function entries(): HTMLElement[] {
        const lines = [...breakpoints.lines].sort((a, b) => a - b).map((line) => element("li", {}, `Line ${line} (in the editor's margin)`));
        const tasks = [...breakpoints.tasks].map((task) => entry(`Task ${nameOf(task)}`, () => breakpoints.tasks.delete(task)));
        const times = [...breakpoints.times].sort((a, b) => a - b).map((time) => entry(`At ${instant(time)}`, () => breakpoints.times.delete(time)));
        const all = [...lines, ...tasks, ...times];
        return all.length > 0 ? all : [element("li", {}, "None. Click beside a line of the source to stop there, or add one here.")];
    }

    function entry(text: string, remove: () => void): HTMLElement {
        const away = button(`Remove: ${text}`, {}, () => {
            remove();
            breakpoints.changed();
        }, "×");
        away.setAttribute("aria-label", `Remove: ${text}`);
        return element("li", {}, text, away);
    }

    /** The task that is selected on the timeline. */
    function taskForm(): HTMLElement {
        const add = button("Stop at the selected task", {}, () => {
            if (workbench.selected !== undefined) {
                breakpoints.tasks.add(workbench.selected);
                breakpoints.changed();
            }
        });
        const update = () => {
            add.disabled = workbench.selected === undefined;
            add.textContent = workbench.selected === undefined ? "Stop at the selected task" : `Stop at ${nameOf(workbench.selected)}`;
        };
        workbench.on("selected", update);
        update();
        return add;
    }

    function timeForm(): HTMLElement {
        const time = element("input", { type: "number", min: "0", step: "any", required: true, "aria-label": "Time in seconds", placeholder: "0.5" });
        const form = element("form", {}, "Stop at ", time, " s ", element("button", {}, "Add"));
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            breakpoints.times.add(time.valueAsNumber);
            time.value = "";
            breakpoints.changed();
        });
        return form;
    }

    breakpoints.onChange(show);
    show();
    return element("div", { class: "breakpoints" }, opener, popover);
}
