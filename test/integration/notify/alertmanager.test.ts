import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findEngine } from '../../../src/demo/engines.js';
import type { ViolationStore } from '../../../src/domain/ports.js';
import type { Violation, ViolationChange } from '../../../src/domain/violation.js';
import { createAlertmanagerNotifier, type Notifier } from '../../../src/notify/alertmanager.js';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { freePort, start } from '../../support/process.js';
import { until } from '../../support/until.js';

interface KnownAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly generatorURL: string;
}

/** A real Alertmanager that is started at once, or later on the same port. */
async function alertmanager(begin = true) {
  const binary = findEngine('alertmanager');
  if (binary === null) throw new Error('alertmanager is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'slograph-alertmanager-'));
  const config = join(folder, 'alertmanager.yml');
  writeFileSync(
    config,
    'route: { receiver: nobody, group_wait: 1s, group_interval: 1s }\nreceivers: [{ name: nobody }]\n',
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const launch = async () => {
    const running = start(binary, [
      `--config.file=${config}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ]);
    onTestFinished(async () => {
      await running.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    await until(`alertmanager on ${url}`, async () => {
      if (running.child.exitCode !== null) throw new Error(running.output());
      return (await fetch(`${url}/-/ready`)).ok;
    });
    return running;
  };
  return {
    url,
    launch,
    running: begin ? await launch() : null,
    async alerts(): Promise<KnownAlert[]> {
      return (await (await fetch(`${url}/api/v2/alerts`)).json()) as KnownAlert[];
    },
  };
}

/** A store and the hint that something was appended to it. */
async function log() {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-notify-'));
  const store = await createSqliteStore({ path: join(folder, 'slograph.db') });
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const listeners = new Set<() => void>();
  const onAppend = (listener: () => void) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  };
  return {
    store,
    feed: { onAppend },
    async append(...changes: readonly ViolationChange[]) {
      await store.append(changes, Date.now());
      for (const listener of listeners) listener();
    },
  };
}

type Log = Awaited<ReturnType<typeof log>>;

function notifier({ store, feed }: Log, url: string, more: { repeatMs?: number; timeoutMs?: number } = {}): Notifier {
  const quiet = { info() {}, warn() {} };
  const made = createAlertmanagerNotifier({
    url,
    timeoutMs: 5_000,
    maxPauseMs: 200,
    clock: Date.now,
    log: quiet,
    externalUrl: 'https://slograph.example/',
    store,
    feed,
    ...more,
  });
  made.start();
  onTestFinished(() => made.stop());
  return made;
}

const startedAtMs = Date.now() - 600_000;

function violation(id: string, more: Partial<Violation> = {}): Violation {
  return {
    id,
    slo: `slo-${id}`,
    objective: 'objective-1',
    revision: 'r1',
    cluster: 'edge-seoul',
    microservice: { namespace: 'crosswalk', name: 'detector' },
    application: 'crosswalk-safety',
    kind: 'BURN_RATE',
    severity: 'PAGE',
    status: 'OPEN',
    startedAtMs,
    resolvedAtMs: null,
    message: 'burns 20 times faster than allowed',
    burnRate: 20.5,
    peakBurnRate: 20.5,
    budgetConsumed: 0.03,
    longWindowMs: 3_600_000,
    shortWindowMs: 300_000,
    threshold: null,
    value: null,
    ...more,
  };
}

function change(transition: ViolationChange['transition'], of: Violation): ViolationChange {
  const evaluatedAtMs = of.resolvedAtMs ?? of.startedAtMs;
  return { eventId: `${of.id}/${transition}/${of.severity}`, transition, violation: of, evaluatedAtMs, late: false };
}

function resolvedOf(of: Violation, resolvedAtMs = Date.now() - 1_000): Violation {
  return { ...of, status: 'RESOLVED', resolvedAtMs };
}

async function delivery(store: ViolationStore, id: string) {
  return (await store.deliveriesOf(id))[0];
}

describe('a notifier and a real Alertmanager', () => {
  it('opens, keeps open and resolves', async () => {
    const [am, own] = [await alertmanager(), await log()];
    const { sink } = notifier(own, am.url, { repeatMs: 500 });
    const opened = violation('a');
    await own.append(change('OPENED', opened));
    const [alert] = await until('the alert', async () => {
      const found = await am.alerts();
      return found.length === 1 && found;
    });
    expect(alert?.labels).toEqual({
      alertname: 'SLOViolation',
      slo: 'slo-a',
      objective: 'objective-1',
      cluster: 'edge-seoul',
      namespace: 'crosswalk',
      microservice: 'detector',
      application: 'crosswalk-safety',
      severity: 'page',
      kind: 'burn_rate',
    });
    expect(alert?.annotations).toEqual({
      summary: 'slo-a: the error budget burns too fast',
      description: 'burns 20 times faster than allowed',
      burn_rate: '20.5',
      budget_consumed_ratio: '0.03',
      long_window_seconds: '3600',
      short_window_seconds: '300',
      violation_id: 'a',
    });
    expect(Date.parse(alert?.startsAt ?? '')).toBe(startedAtMs);
    expect(alert?.generatorURL).toBe('https://slograph.example/graphiql');
    await until('a repetition, which moves the end on', async () => {
      const [again] = await am.alerts();
      return again !== undefined && Date.parse(again.endsAt) > Date.parse(alert?.endsAt ?? '') + 400;
    });
    expect(await delivery(own.store, 'a')).toMatchObject({ sink, state: 'DELIVERED', attempts: 1, lastError: null });
    await own.append(change('RESOLVED', resolvedOf(opened)));
    await until('the end', async () => (await am.alerts()).length === 0);
    await until('the position', async () => (await own.store.sinkPosition(sink)) === 2);
  });

  it('ends the alert of the former severity and opens one of the new', async () => {
    const [am, own] = [await alertmanager(), await log()];
    notifier(own, am.url);
    const ticket = violation('a', { severity: 'TICKET' });
    await own.append(change('OPENED', ticket));
    await until('the ticket', async () => (await am.alerts())[0]?.labels.severity === 'ticket');
    await own.append({ ...change('SEVERITY_CHANGED', { ...ticket, severity: 'PAGE' }), evaluatedAtMs: Date.now() - 1 });
    await until('the page alone', async () => {
      const severities = (await am.alerts()).map(({ labels }) => labels.severity);
      return severities.length === 1 && severities[0] === 'page';
    });
    await own.append(change('RESOLVED', resolvedOf({ ...ticket, severity: 'PAGE' })));
    await until('nothing', async () => (await am.alerts()).length === 0);
  });

  it('waits while Alertmanager is away, and tells how it stands: open ones open, ended ones ended', async () => {
    const [am, own] = [await alertmanager(false), await log()];
    notifier(own, am.url);
    const gone = violation('gone');
    await own.append(change('OPENED', gone), change('OPENED', violation('stays')));
    const pending = await until('two failed tries', async () => {
      const found = await delivery(own.store, 'stays');
      return found !== undefined && found.attempts >= 2 && found;
    });
    expect(pending).toMatchObject({ state: 'PENDING', deliveredAtMs: null });
    expect(pending.lastError).toMatch(/ECONNREFUSED/);
    await own.append(change('RESOLVED', resolvedOf(gone)));
    await am.launch();
    await until('what is open', async () => (await am.alerts()).map(({ labels }) => labels.slo).join() === 'slo-stays');
    await until('both are delivered', async () => {
      const both = [await delivery(own.store, 'gone'), await delivery(own.store, 'stays')];
      return both.every((one) => one?.state === 'DELIVERED' && one.lastError === null && one.attempts > 2);
    });
  });

  it('tells an Alertmanager that forgot all by a restart what is open', async () => {
    const [am, own] = [await alertmanager(), await log()];
    notifier(own, am.url, { repeatMs: 300 });
    await own.append(change('OPENED', violation('a')));
    await until('the alert', async () => (await am.alerts()).length === 1);
    await am.running?.stop('SIGKILL');
    await am.launch();
    await until('the alert again', async () => (await am.alerts()).length === 1);
  });

  it('loses nothing when it is restarted itself', async () => {
    const [am, own] = [await alertmanager(), await log()];
    const first = notifier(own, am.url);
    const opened = violation('a');
    await own.append(change('OPENED', opened));
    await until('the alert', async () => (await am.alerts()).length === 1);
    await first.stop();
    await own.append(change('RESOLVED', resolvedOf(opened)), change('OPENED', violation('b')));
    notifier(own, am.url);
    await until('the other alone', async () => (await am.alerts()).map(({ labels }) => labels.slo).join() === 'slo-b');
    expect((await own.store.deliveriesOf('a')).length).toBe(1);
  });

  it('delivers hundreds in batches, and what follows under the same labels as one alert', async () => {
    const [am, own] = [await alertmanager(), await log()];
    const many = Array.from({ length: 300 }, (_, index) => change('OPENED', violation(`v${index}`)));
    const first = violation('first', { slo: 'again' });
    const second = violation('second', { slo: 'again', startedAtMs: startedAtMs + 60_000 });
    const between = change('RESOLVED', resolvedOf(first, startedAtMs + 30_000));
    await own.append(change('OPENED', first), between, change('OPENED', second), ...many);
    notifier(own, am.url);
    await until('all of them', async () => (await am.alerts()).length === 301);
    for (const id of ['first', 'second', 'v0', 'v299']) {
      await until(`the delivery of ${id}`, async () => (await delivery(own.store, id))?.state === 'DELIVERED');
    }
  });

  it('shows a refusal on the violation, delivers the others of its batch, and goes on', async () => {
    const [am, own] = [await alertmanager(), await log()];
    // Alertmanager refuses a start beyond the years that its JSON can write; nothing of ours makes one.
    const bad = violation('bad', { startedAtMs: Date.UTC(12_000, 0) });
    await own.append(
      change('OPENED', violation('before')),
      change('OPENED', bad),
      change('OPENED', violation('after')),
    );
    notifier(own, am.url);
    await until('the good ones', async () => (await am.alerts()).length === 2);
    const failed = await until('the refusal', async () => {
      const found = await delivery(own.store, 'bad');
      return found?.state === 'FAILED' && found;
    });
    expect(failed.lastError).toMatch(/^4\d\d .+/);
    expect(await delivery(own.store, 'after')).toMatchObject({ state: 'DELIVERED' });
    await own.append(change('OPENED', violation('later')));
    await until('the later one', async () => (await am.alerts()).length === 3);
  });
});

describe('a notifier and a server that misbehaves', () => {
  /** Answers every request by the given script, the last entry for ever. */
  async function scripted(...script: readonly (number | 'hang')[]) {
    const bodies: { labels: { slo: string } }[][] = [];
    const authorizations: (string | undefined)[] = [];
    const server: Server = createServer((request, answer) => {
      let body = '';
      request.on('data', (part) => {
        body += String(part);
      });
      request.on('end', () => {
        const reply = script[Math.min(bodies.length, script.length - 1)] ?? 200;
        authorizations.push(request.headers.authorization);
        bodies.push(JSON.parse(body) as { labels: { slo: string } }[]);
        if (reply !== 'hang') answer.writeHead(reply, { location: '/elsewhere' }).end(reply === 200 ? '' : '"because"');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { port: (server.address() as { port: number }).port, bodies, authorizations };
  }

  it.each([
    ['500', [500, 503, 200], {}],
    ['429', [429, 200], {}],
    ['no answer', ['hang', 200], { timeoutMs: 50 }],
  ] as const)('tries again after %s', async (_, script, more) => {
    const [server, own] = [await scripted(...script), await log()];
    await own.append(change('OPENED', violation('a')));
    notifier(own, `http://127.0.0.1:${server.port}`, more);
    const found = await until('the delivery', async () => {
      const one = await delivery(own.store, 'a');
      return one?.state === 'DELIVERED' && one;
    });
    expect(found.attempts).toBe(script.length);
  });

  it.each([301, 400, 404])('does not try news again after %i', async (status) => {
    const [server, own] = [await scripted(status), await log()];
    const { sink } = notifier(own, `http://127.0.0.1:${server.port}`);
    await own.append(change('OPENED', violation('a')));
    await until('the position', async () => (await own.store.sinkPosition(sink)) === 1);
    expect(await delivery(own.store, 'a')).toMatchObject({ state: 'FAILED', lastError: `${status} "because"` });
  });

  it('posts at most 64 at a time', async () => {
    const [server, own] = [await scripted(200), await log()];
    await own.append(...Array.from({ length: 150 }, (_, index) => change('OPENED', violation(`v${index}`))));
    const { sink } = notifier(own, `http://127.0.0.1:${server.port}`);
    await until('the position', async () => (await own.store.sinkPosition(sink)) === 150);
    expect(server.bodies.slice(0, 3).map(({ length }) => length)).toEqual([64, 64, 22]);
  });

  it('sends a user and password of the address as authorization and shows them nowhere', async () => {
    const [server, own] = [await scripted(200), await log()];
    await own.append(change('OPENED', violation('a')));
    const { sink } = notifier(own, `http://ann:s%3Acret@127.0.0.1:${server.port}/am/`);
    await until('the position', async () => (await own.store.sinkPosition(sink)) === 1);
    expect(server.authorizations[0]).toBe(`Basic ${Buffer.from('ann:s:cret').toString('base64')}`);
    expect(sink).toBe(`alertmanager http://127.0.0.1:${server.port}/am`);
  });

  it('stops while a request hangs', async () => {
    const [server, own] = [await scripted('hang'), await log()];
    await own.append(change('OPENED', violation('a')));
    const made = notifier(own, `http://127.0.0.1:${server.port}`);
    await until('the request', () => server.bodies.length === 1);
    await made.stop();
    expect(await own.store.sinkPosition(made.sink)).toBe(0);
  });
});
