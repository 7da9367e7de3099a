/** The little that must be known of a module's format. */

const codeSection = 10;

/** Where the code section's contents begin, from which debug information counts its addresses. */
export function codeStart(module: Uint8Array): number | undefined {
    let at = 8; /* behind the magic number and the version */
    while (at < module.length) {
        const id = module[at++];
        let size = 0;
        for (let shift = 0, byte = 0x80; (byte & 0x80) !== 0; shift += 7) {
            byte = module[at++] ?? 0;
            size |= (byte & 0x7f) << shift;
        }
        if (id === codeSection) {
            return at;
        }
        at += size;
    }
    return undefined;
}
