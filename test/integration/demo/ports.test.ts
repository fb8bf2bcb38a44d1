import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { choosePorts } from '../../../src/demo/ports.js';

it('says which port is in use and takes another, never one twice', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const said: string[] = [];
  const wanted = { gateway: port, prometheusEdge: port, prometheusShared: 0, alertmanager: 0, exporters: 0 };
  const chosen = await choosePorts(wanted, (line) => said.push(line));
  expect(new Set(Object.values(chosen)).size).toBe(5);
  expect(Object.values(chosen)).not.toContain(port);
  expect(said).toEqual([
    `port ${port} is in use: the gateway takes ${chosen.gateway}`,
    `port ${port} is in use: the Prometheus of edge-seoul takes ${chosen.prometheusEdge}`,
  ]);
});

it('says that an address is none of this machine', async () => {
  const wanted = { gateway: 0, prometheusEdge: 0, prometheusShared: 0, alertmanager: 0, exporters: 0 };
  await expect(choosePorts(wanted, () => {}, '192.0.2.1')).rejects.toThrow('192.0.2.1 is no address of this machine');
});
