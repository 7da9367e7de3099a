/** Each does its work so often; its promise resolves when all is done. */
export type Workload = (amount: number) => Promise<unknown>;

export const GATHERED: number;
export function switchAmong(tasks: number, switches: number): Promise<unknown>;
export const call: Workload;
export const spawnAndJoin: Workload;
export const handOver: Workload;
export const queue: Workload;
export const gather: Workload;
export function sleepTogether(times: number, tasks: number, seconds: number): Promise<unknown>;
