/* Writes an event log by hand (docs/events.md), for tests of what reads it. */

const recordSize = 32;

export const kind = {
    stringDef: 1, siteDef: 2, created: 3, framePush: 4, framePop: 5, resume: 6, suspend: 7, wait: 8, wake: 9,
    cancelRequest: 10, cancelDelivered: 11, done: 12, error: 13, objectNew: 14, acquire: 15, release: 16, timerArm: 17,
    timerDrop: 18, clockJump: 19, mark: 24, stepTooLong: 25, neverAwaited: 26, neverRetrieved: 27,
    awaitedBy: 28, unawaited: 30,
};

export class LogWriter {
    time = 0;
    #records = [];
    #taken = 0;
    #strings = new Map();
    #sites = new Map();

    /** Adds one record; `seconds` stands for a payload that is a float. */
    add(code, { task = 0, other = 0, site = 0, object = 0, subkind = 0, count = 0, payload = 0, seconds } = {}) {
        const bytes = new Uint8Array(recordSize);
        const view = new DataView(bytes.buffer);
        view.setFloat64(0, this.time, true);
        [task, other, site, object].forEach((value, index) => view.setUint32(8 + 4 * index, value, true));
        view.setUint8(24, code);
        view.setUint8(25, subkind);
        view.setUint16(26, count, true);
        if (seconds === undefined) {
            view.setUint32(28, payload, true);
        } else {
            view.setFloat32(28, seconds, true);
        }
        this.#records.push(bytes);
        return this;
    }

    string(text) {
        if (!this.#strings.has(text)) {
            const id = this.#strings.size + 1;
            const bytes = new TextEncoder().encode(text);
            this.#strings.set(text, id);
            this.add(kind.stringDef, { object: id, payload: bytes.length });
            for (let at = 0; at < bytes.length; at += recordSize) {
                const record = new Uint8Array(recordSize);
                record.set(bytes.subarray(at, at + recordSize));
                this.#records.push(record);
            }
        }
        return this.#strings.get(text);
    }

    site(name, line) {
        const key = `${name} ${line}`;
        if (!this.#sites.has(key)) {
            const [other, task] = [this.string(name), this.string("/src/program.c")];
            this.#sites.set(key, this.#sites.size + 1);
            this.add(kind.siteDef, { object: this.#sites.size, other, task, payload: line });
        }
        return this.#sites.get(key);
    }

    /** What was added since the last call, as one chunk. */
    chunk() {
        const chunk = new Uint8Array(this.#records.length * recordSize);
        this.#records.forEach((record, index) => chunk.set(record, index * recordSize));
        const base = this.#taken;
        this.#taken += this.#records.length;
        this.#records = [];
        return [chunk, base];
    }
}
