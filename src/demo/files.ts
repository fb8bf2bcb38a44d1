import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { definitionFiles } from './definitions.js';
import type { DemoPorts } from './ports.js';
import { clusters, sharing } from './topology.js';

/** Writes the gateway's configuration and definitions; the path of slograph.yaml. */
export function writeGatewayFiles(folder: string, ports: DemoPorts, host: string): string {
  mkdirSync(join(folder, 'slos'), { recursive: true });
  mkdirSync(join(folder, 'gateway'), { recursive: true });
  for (const [name, text] of Object.entries(definitionFiles)) writeFileSync(join(folder, 'slos', name), text);
  const file = join(folder, 'slograph.yaml');
  writeFileSync(file, gatewayConfig(ports, host));
  return file;
}

function gatewayConfig(ports: DemoPorts, host: string): string {
  const entries = clusters.map((name) => {
    const isShared = sharing.includes(name);
    const port = isShared ? ports.prometheusShared : ports.prometheusEdge;
    const match = isShared ? `\n    match: { cluster: ${name} }` : '';
    return `  - name: ${name}\n    prometheus: { url: "http://127.0.0.1:${port}" }${match}\n`;
  });
  return `# Written at every start of the demo: change a copy, not this file.
listen: { host: ${JSON.stringify(host)}, port: ${ports.gateway} }
clusters:
${entries.join('')}applications:
  - name: crosswalk
    description: Tells pedestrians in time that a crossing is not safe
    microservices: [{ namespace: crosswalk }]
definitions: [./slos]
store: { path: ./gateway/slograph.db }
alertmanagers: [{ url: "http://127.0.0.1:${ports.alertmanager}" }]
`;
}

/** Writes the Alertmanager's configuration, which shows alerts and sends them nowhere; its path. */
export function writeAlertmanagerConfig(folder: string): string {
  mkdirSync(join(folder, 'alertmanager'), { recursive: true });
  const file = join(folder, 'alertmanager', 'alertmanager.yml');
  const route = {
    receiver: 'nobody',
    group_by: ['slo'],
    group_wait: '1s',
    group_interval: '5s',
    repeat_interval: '4h',
  };
  writeFileSync(file, `${JSON.stringify({ route, receivers: [{ name: 'nobody' }] }, null, 2)}\n`);
  return file;
}
