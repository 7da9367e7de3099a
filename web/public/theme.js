/* Before the first paint, so that the page never flashes in the other scheme or form. */
if (new URLSearchParams(location.search).has("embed")) {
    document.documentElement.dataset.embed = "";
}
/* What is filled later is not shown before, so that nothing moves. */
document.documentElement.dataset.loading = "";
try {
    const theme = localStorage.getItem("weft-theme");
    if (theme === "light" || theme === "dark") {
        document.documentElement.dataset.theme = theme;
    }
} catch {
    /* Storage may be forbidden: the system's scheme it is. */
}
