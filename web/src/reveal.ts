/** Shows the page, which theme.js keeps out of sight until it is filled, so that nothing moves while it loads. */
export function reveal(): void {
    delete document.documentElement.dataset["loading"];
}
