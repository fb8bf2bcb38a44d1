import { expect, it } from 'vitest';
import { activeAlerts, demoFolder, query, startDemo, watchViolations } from '../support/demo.js';
import { allTold, expectAsInLog, followers, incidentGateway } from '../support/demo-incident.js';
import { until } from '../support/until.js';

const MINUTE = 60_000;

it(
  'lets the violation of a full demo open and resolve, for subscriber, query and Alertmanager',
  async () => {
    const folder = demoFolder();
    const demo = await startDemo(folder);
    const readyMs = Date.now();
    const events = watchViolations(demo.graphql);
    // Beside the demo's own gateway one that restarts while the violation is open, and clients that follow it.
    const restarting = await incidentGateway(folder, demo, 'default');
    const clients = followers(restarting);
    const slo = `detector-latency-${demo.victim.replace('edge-', '')}`;
    const ofSlo = (transition: string) =>
      events.find(
        (event) =>
          event.transition === transition && event.violation.slo.name === slo && event.violation.kind === 'BURN_RATE',
      );
    const alert = async () =>
      (await activeAlerts(demo.alertmanager)).some((labels) => Object.values(labels).includes(slo));
    const status = async () => {
      const text = '{ violations { nodes { slo { name } kind status } } }';
      const { violations } = (await query(demo.graphql, text)) as unknown as {
        violations: { nodes: { slo: { name: string }; kind: string; status: string }[] };
      };
      return violations.nodes.find((node) => node.slo.name === slo && node.kind === 'BURN_RATE')?.status;
    };

    await until('the violation to open', () => ofSlo('OPENED'), 4 * MINUTE);
    console.log(`opened ${(Date.now() - readyMs) / 1_000} s after ready`);
    await until('the alert', alert);
    expect(await status()).toBe('OPEN');
    await allTold(clients, 'OPENED', MINUTE);
    await restarting.restart();
    await until('the violation to resolve', () => ofSlo('RESOLVED'), 12 * MINUTE - (Date.now() - readyMs));
    console.log(`resolved ${(Date.now() - readyMs) / 1_000} s after ready`);
    expect(await status()).toBe('RESOLVED');
    await allTold(clients, 'RESOLVED', MINUTE);
    await expectAsInLog(restarting, clients);
    await until('the alert to end', async () => !(await alert()), MINUTE);
  },
  20 * MINUTE,
);
