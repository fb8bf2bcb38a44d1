import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

/** What one operation took. */
export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Time a process has spent on the CPU, all its threads together. */
export function cpuMsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      return 0; // The thread ended meanwhile.
    }
  });
  return nanoseconds.reduce((sum, spent) => sum + spent, 0) / 1e6;
}

/** Resident memory of a process: now, or the most it ever had. */
export function memoryMb(pid: number, which: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${which}:\\s+(\\d+)`).exec(status)?.[1]) / 1_024;
}

export async function costOf(pid: number, act: () => Promise<unknown>): Promise<Cost> {
  const cpuMs = cpuMsOf(pid);
  const startedMs = performance.now();
  await act();
  return { wallMs: performance.now() - startedMs, cpuMs: cpuMsOf(pid) - cpuMs };
}

/** The value below which a share of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Posts and reads the whole answer as text. */
export function post(url: string, body: string, contentType = 'application/json'): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': contentType, 'content-length': Buffer.byteLength(body) } },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString();
          if (answer.statusCode === 200) resolve(text);
          else reject(new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 500)}`));
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** Asks a GraphQL server. @throws Error when the answer has errors */
export async function ask<T>(url: string, query: string, variables: Readonly<Record<string, unknown>>): Promise<T> {
  const answer = JSON.parse(await post(url, JSON.stringify({ query, variables }))) as { data: T; errors?: unknown };
  if (answer.errors !== undefined) throw new Error(`${url}: ${JSON.stringify(answer.errors).slice(0, 1_000)}`);
  return answer.data;
}

/** One line of the report. */
export function report(figure: string, values: Readonly<Record<string, unknown>>): void {
  const rounded = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  ]);
  console.log(JSON.stringify({ figure, ...Object.fromEntries(rounded) }));
}
