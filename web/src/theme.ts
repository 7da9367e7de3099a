/** Light and dark: the system's choice until the person makes one. */

const key = "weft-theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");

export function setUpTheme(button: HTMLButtonElement, onChange: () => void): void {
    const root = document.documentElement;
    const isDark = () => (root.dataset["theme"] ? root.dataset["theme"] === "dark" : systemDark.matches);
    const show = () => button.setAttribute("aria-pressed", String(isDark()));
    button.addEventListener("click", () => {
        root.dataset["theme"] = isDark() ? "light" : "dark";
        try {
            localStorage.setItem(key, root.dataset["theme"]);
        } catch {
            /* Storage may be forbidden: the choice then lasts as long as the page. */
        }
        show();
        onChange();
    });
    systemDark.addEventListener("change", show);
    show();
}
