/** Bytes made small, and made into letters. */

export const base64 = {
    encode(bytes: Uint8Array): string {
        /* In pieces: a call takes so many arguments. */
        const piece = 0x2000;
        let letters = "";
        for (let at = 0; at < bytes.length; at += piece) {
            letters += String.fromCharCode(...bytes.subarray(at, at + piece));
        }
        return btoa(letters);
    },

    /** Throws a SyntaxError or a DOMException where it is none. */
    decode(text: string): Uint8Array<ArrayBuffer> {
        const letters = atob(text);
        const bytes = new Uint8Array(letters.length);
        for (let at = 0; at < letters.length; at++) {
            bytes[at] = letters.charCodeAt(at);
        }
        return bytes;
    },
};

/** The kind of base64 that addresses can hold as it is, without padding. */
export const base64url = {
    encode: (bytes: Uint8Array): string =>
        base64.encode(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),

    decode(text: string): Uint8Array<ArrayBuffer> {
        if (!/^[\w-]*$/.test(text)) {
            throw new SyntaxError("this is not base64url");
        }
        return base64.decode(text.replaceAll("-", "+").replaceAll("_", "/"));
    },
};

export async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    return join(await piecesOf(bytes, new CompressionStream("deflate-raw"), Infinity));
}

/** Throws a RangeError as soon as there are more than `limit` bytes, and a TypeError where it is nothing that was deflated. */
export async function inflate(bytes: Uint8Array<ArrayBuffer>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    return join(await piecesOf(bytes, new DecompressionStream("deflate-raw"), limit));
}

async function piecesOf(bytes: Uint8Array<ArrayBuffer>, through: CompressionStream | DecompressionStream, limit: number) {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const reader = new Blob([bytes]).stream().pipeThrough(through as ReadableWritablePair<Uint8Array, Uint8Array<ArrayBuffer>>).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
        length += next.value.length;
        if (length > limit) {
            await reader.cancel().catch(() => {});
            throw new RangeError(`this is more than ${limit} bytes`);
        }
        pieces.push(next.value);
    }
    return pieces;
}

/** All of them as one. */
export function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
        whole.set(piece, at);
        at += piece.length;
    }
    return whole;
}
