import { cpuMsOf, quantile } from '../measure.js';
import type { Clients, Server } from './processes.js';

/** Messages with this text are no events. */
export const BOOKMARK = '"bookmark"';

export interface Sample {
  /** Deliveries per second of the server's CPU, all its threads together. */
  readonly perCpuSecond: number;
  /** From commit to receipt. */
  readonly p99Ms: number;
  /** Of the last message. */
  readonly bytes: number;
}

/** Each event is sent when all sockets have the one before: what is measured is work, not waiting in line. */
export async function measure(server: Server, clients: Clients, events: number): Promise<Sample> {
  const latencies: number[] = [];
  let bytes = 0;
  const cpuMs = cpuMsOf(server.pid);
  for (let event = 0; event < events; event += 1) {
    const { arrived } = await clients.expect(1);
    const committedNs = await server.fire();
    const answer = await arrived;
    for (const arrival of answer.arrivals) latencies.push((arrival - committedNs) / 1e6);
    bytes = answer.bytes;
  }
  const spentMs = cpuMsOf(server.pid) - cpuMs;
  return { perCpuSecond: (latencies.length / spentMs) * 1_000, p99Ms: quantile(latencies, 0.99), bytes };
}

export async function closing(...programs: readonly { stop(): Promise<void> }[]): Promise<void> {
  await Promise.all(programs.map((program) => program.stop()));
}
