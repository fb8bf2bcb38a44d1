import { once } from 'node:events';
import { createServer } from 'node:net';

/** What listens, with the port each prefers. */
export interface DemoPorts {
  readonly gateway: number;
  /** Of the Prometheus of edge-seoul, and of the one that edge-busan and cloud-core share. */
  readonly prometheusEdge: number;
  readonly prometheusShared: number;
  readonly alertmanager: number;
  readonly exporters: number;
}

export const defaultPorts: DemoPorts = {
  gateway: 4000,
  prometheusEdge: 9090,
  prometheusShared: 9091,
  alertmanager: 9093,
  exporters: 9480,
};

/** Everything but the gateway listens there only. */
export const LOOPBACK = '127.0.0.1';

/**
 * Takes the preferred ports; one that is in use is said, and the next free one taken. 0 asks for any.
 * @param host where the gateway will listen
 */
export async function choosePorts(
  wanted: DemoPorts,
  say: (line: string) => void,
  host: string = LOOPBACK,
): Promise<DemoPorts> {
  const taken = new Set<number>();
  const chosen = { ...wanted };
  for (const name of Object.keys(wanted) as (keyof DemoPorts)[]) {
    const port = await nextFree(wanted[name], name === 'gateway' ? host : LOOPBACK, taken);
    if (wanted[name] !== 0 && port !== wanted[name])
      say(`port ${wanted[name]} is in use: ${words[name]} takes ${port}`);
    taken.add(port);
    chosen[name] = port;
  }
  return chosen;
}

const words: Readonly<Record<keyof DemoPorts, string>> = {
  gateway: 'the gateway',
  prometheusEdge: 'the Prometheus of edge-seoul',
  prometheusShared: 'the Prometheus of edge-busan and cloud-core',
  alertmanager: 'Alertmanager',
  exporters: 'the exporters',
};

async function nextFree(preferred: number, host: string, taken: ReadonlySet<number>): Promise<number> {
  for (let port = preferred; preferred > 0 && port < Math.min(preferred + 100, 65_536); port += 1) {
    if (!taken.has(port) && (await listens(port, host)) !== null) return port;
  }
  for (;;) {
    const port = await listens(0, host);
    if (port !== null && !taken.has(port)) return port;
  }
}

/**
 * Tries to listen and stops again; the port, or null when it is in use.
 * @throws Error when the host is none of this machine
 */
async function listens(port: number, host: string): Promise<number | null> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new Error(`${host} is no address of this machine: choose another with --host`, { cause: error });
    return null;
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}
