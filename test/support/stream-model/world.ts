import { setImmediate } from 'node:timers/promises';
import { decodeStreamCursor } from '../../../src/graph/cursor.js';
import { Consumer } from './consumer.js';
import type { Gateways, Started } from './gateways.js';
import { judge } from './judge.js';
import { type Aftermath, type Deed, ModelLog } from './model-log.js';
import type { Step } from './step.js';
import { ways } from './ways.js';

/** How connections end with their gateway; whoever comes while it ends is told to come back. */
const ENDS = /^(closed|completed|503 )/;
const DEADLINE_MS = 20_000;

export interface Account extends Aftermath {
  readonly events: number;
  readonly connections: number;
  readonly told: number;
  readonly resets: number;
}

/**
 * Carries steps out, lets everybody come back and catch up, and judges what each was told.
 * @throws Error that says who was told what wrongly
 */
export async function play(gateways: Gateways, steps: readonly Step[]): Promise<Account> {
  try {
    const world = await World.begin(gateways);
    try {
      for (const step of steps) await world.act(step);
      await world.finish();
      return world.account();
    } finally {
      await world.end();
    }
  } finally {
    await gateways.dispose();
  }
}

class World {
  private readonly consumers: readonly Consumer[];
  private readonly failures: string[] = [];
  private stores = 0;
  private events = 0;
  private lost = 0;
  private unheard = 0;
  private ending = false;
  private nowMs = 0;
  /** Appends that go on in the background. */
  private rush: Promise<void> = Promise.resolve();
  private onNews = () => {};

  static async begin(gateways: Gateways): Promise<World> {
    return new World(gateways, await gateways.start(0));
  }

  private constructor(
    private readonly gateways: Gateways,
    private gateway: Started,
    private log = new ModelLog(gateway.epoch),
  ) {
    this.consumers = ways.map(
      ([name, transport, memory, severity]) =>
        new Consumer({
          ...{ name, transport, memory, severity },
          url: () => this.gateway.url,
          mark: () => this.log.mark(),
          onNews: () => this.onNews(),
          onEnded: (reason) => {
            if (!this.ending || !ENDS.test(reason)) this.failures.push(`${name} was ended: ${reason}`);
          },
          onFailure: (message) => void this.failures.push(message),
        }),
    );
  }

  async act(step: Step): Promise<void> {
    // What changes the log or its gateway waits for the appends that are under way; consumers come and go meanwhile.
    if (!('who' in step) && step.do !== 'breathe' && step.do !== 'gather') await this.rush;
    if (step.do === 'append') await this.append(step.deeds);
    else if (step.do === 'rush') this.rush = this.appendAll(step.appends);
    else if (step.do === 'expire') await this.expire(step);
    else if (step.do === 'gather') this.gather();
    else if (step.do === 'settle') await this.settle();
    else if (step.do === 'restart') await this.restart(() => this.gateway.stop());
    else if (step.do === 'replace') await this.replace();
    else if (step.do === 'kill') await this.kill(step);
    else if (step.do === 'breathe') for (let turn = 0; turn < step.turns; turn += 1) await setImmediate();
    else this.meet(this.consumers[step.who] as Consumer, step);
  }

  async finish(): Promise<void> {
    this.gather();
    await this.rush;
    await this.settle();
    for (const consumer of this.consumers) {
      if (!consumer.isConnected) this.failures.push(`${consumer.options.name} is not connected`);
      consumer.leave('goodbye');
    }
    for (const consumer of this.consumers) judge(consumer);
    if (this.failures.length > 0) throw new Error(this.failures.join('\n'));
  }

  async end(): Promise<void> {
    await this.rush;
    for (const consumer of this.consumers) consumer.leave('cut');
    await this.gateway.stop();
  }

  account(): Account {
    const connections = this.consumers.flatMap((consumer) => consumer.connections);
    const told = connections.flatMap((connection) => connection.told);
    const resets = told.filter(({ item }) => item.kind === 'reset').length;
    const { lost, unheard } = this;
    const events = this.events + this.log.head;
    return { events, lost, unheard, connections: connections.length, told: told.length, resets };
  }

  private meet(consumer: Consumer, step: Step): void {
    if (step.do === 'connect') consumer.connect();
    else if (step.do === 'forget') consumer.forget(step.saves);
    else if (step.do === 'goodbye' || step.do === 'cut') consumer.leave(step.do);
  }

  /** Milliseconds: every append is younger than the one before. */
  private tick(): number {
    this.nowMs += 1;
    return this.nowMs;
  }

  private gather(): void {
    for (const consumer of this.consumers) consumer.connect();
  }

  private async append(deeds: readonly Deed[]): Promise<void> {
    this.log.confirm(await this.gateway.append(this.log.prepare(deeds), this.tick()));
  }

  private async appendAll(appends: readonly (readonly Deed[])[]): Promise<void> {
    try {
      for (const deeds of appends) await this.append(deeds);
    } catch (error) {
      this.failures.push((error as Error).message);
    }
  }

  private async expire({ keep, by }: Step & { do: 'expire' }): Promise<void> {
    await this.gateway.prune(this.log.shorten(keep, by));
    this.log.shortened();
  }

  private async restart(end: () => Promise<void>): Promise<void> {
    this.ending = true;
    await end();
    await this.until('everybody to notice', () => this.consumers.every(({ isConnected }) => !isConnected));
    await Promise.all(this.consumers.map((consumer) => consumer.rest()));
    this.gateway = await this.gateways.start(this.stores);
    this.ending = false;
  }

  private async replace(): Promise<void> {
    this.stores += 1;
    await this.restart(() => this.gateway.stop());
    this.events += this.log.head;
    this.log = new ModelLog(this.gateway.epoch);
    for (const consumer of this.consumers) consumer.startAnew();
  }

  private async kill({ appends, acks, us }: Step & { do: 'kill' }): Promise<void> {
    const { kill } = this.gateway;
    if (kill === undefined) throw new Error('this gateway has no process of its own');
    const { gateway, log } = this;
    let left = acks;
    let reach = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const confirm = (stored: Parameters<ModelLog['confirm']>[0]) => {
      log.confirm(stored);
      left -= 1;
      if (left <= 0) reach();
    };
    for (const deeds of appends) {
      gateway
        .append(log.prepare(deeds), this.tick())
        .then(confirm)
        .catch((error: Error) => {
          this.failures.push(error.message);
          reach();
        });
    }
    if (acks > 0) await reached;
    const until = process.hrtime.bigint() + BigInt(us) * 1_000n;
    while (process.hrtime.bigint() < until);
    await this.restart(kill);
    const { lost, unheard } = log.settle(await this.gateway.events(0));
    this.lost += lost;
    this.unheard += unheard;
    if (this.gateway.epoch !== log.epoch) throw new Error('the store is another one after the kill');
  }

  private settle(): Promise<void> {
    const hasAll = ({ isConnected, upTo, wanted }: Consumer) =>
      !isConnected || (upTo !== null && this.log.next(decodeStreamCursor(upTo).seq, wanted) === undefined);
    return this.until(
      'everybody to catch up',
      () => this.consumers.every(hasAll),
      () =>
        this.consumers
          .filter((consumer) => !hasAll(consumer))
          .map(({ options, upTo }) => `${options.name} is at ${upTo}`),
    );
  }

  private until(what: string, holds: () => boolean, missing: () => readonly string[] = () => []): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`waited for ${what}: ${[...missing(), ...this.failures].join('; ')}`));
      }, DEADLINE_MS);
      this.onNews = () => {
        if (this.failures.length === 0 && !holds()) return;
        clearTimeout(timer);
        this.onNews = () => {};
        if (this.failures.length > 0) reject(new Error(this.failures.join('\n')));
        else resolve();
      };
      this.onNews();
    });
  }
}
