/** Gives the person a file. */

export function save(name: string, type: string, parts: BlobPart[]): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type }));
    link.download = name;
    link.click();
    /* The browser has begun to read it by then. */
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
