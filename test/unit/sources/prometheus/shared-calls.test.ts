import { describe, expect, it, onTestFinished } from 'vitest';
import { createSharedCalls, type Listener, type Send } from '../../../../src/sources/prometheus/shared-calls.js';

interface Answer {
  readonly text: string;
}

/** What each asker heard, and requests that end when the test says so. */
function setUp(ttlMs = 60_000, maxBytes = 10_000) {
  const calls = createSharedCalls<Answer>({
    maxBytes,
    ttlMs,
    sizeOf: ({ text }) => text.length,
    keeps: ({ text }) => !text.startsWith('partial'),
  });
  const heard: string[] = [];
  const listener = (name: string): Listener<Answer> => ({
    sent: ({ answer, error }) =>
      heard.push(`${name} sent: ${answer?.text ?? (error as Error | null)?.message ?? 'left'}`),
    shared: (_, answer) => heard.push(`${name} shared: ${answer?.text ?? 'failed'}`),
  });
  const requests: { resolve(text: string): void; reject(error: Error): void; signal: AbortSignal }[] = [];
  const send: Send<Answer> = (attempt, signal) =>
    attempt(
      () =>
        new Promise((resolve, reject) => {
          requests.push({ resolve: (text) => resolve({ text }), reject, signal });
        }),
    );
  const ask = (name: string, key = 'key', signal?: AbortSignal) => calls.ask(key, send, listener(name), signal);
  return { calls, heard, requests, ask };
}

describe('equal questions', () => {
  it('under way are sent once, for whoever came first', async () => {
    const { ask, heard, requests } = setUp();
    const asked = [ask('ann'), ask('bob'), ask('cid')];
    requests[0]?.resolve('yes');
    expect(await Promise.all(asked)).toEqual(Array(3).fill({ text: 'yes' }));
    expect(requests).toHaveLength(1);
    expect(heard).toEqual(['ann sent: yes', 'bob shared: yes', 'cid shared: yes']);
  });

  it('that are answered are answered again from memory', async () => {
    const { ask, heard, requests } = setUp();
    const first = ask('ann');
    requests[0]?.resolve('yes');
    await first;
    expect(await ask('bob')).toEqual({ text: 'yes' });
    expect(heard).toEqual(['ann sent: yes', 'bob shared: yes']);
  });

  it('fail together, and are sent anew afterwards', async () => {
    const { ask, heard, requests } = setUp();
    const asked = [ask('ann'), ask('bob')];
    requests[0]?.reject(new Error('down'));
    for (const one of asked) await expect(one).rejects.toThrow('down');
    const again = ask('cid');
    requests[1]?.resolve('up');
    expect(await again).toEqual({ text: 'up' });
    expect(heard).toEqual(['ann sent: down', 'bob shared: failed', 'cid sent: up']);
  });

  it('with a partial answer are not answered from memory', async () => {
    const { ask, requests } = setUp();
    const first = ask('ann');
    requests[0]?.resolve('partial');
    await first;
    const second = ask('bob');
    requests[1]?.resolve('whole');
    expect(await second).toEqual({ text: 'whole' });
  });

  it('under other keys share nothing', async () => {
    const { ask, requests } = setUp();
    const asked = [ask('ann', 'one'), ask('bob', 'two')];
    requests[0]?.resolve('1');
    requests[1]?.resolve('2');
    expect(await Promise.all(asked)).toEqual([{ text: '1' }, { text: '2' }]);
  });

  it('push the longest unused answers out of a full memory', async () => {
    const { ask, requests } = setUp(60_000, 100);
    for (const key of ['a', 'b', 'c']) {
      const asked = ask('ann', key);
      requests.at(-1)?.resolve('x'.repeat(45));
      await asked;
    }
    await ask('bob', 'c');
    await ask('bob', 'b');
    expect(requests).toHaveLength(3);
    void ask('bob', 'a').catch(() => undefined);
    expect(requests).toHaveLength(4);
  });
});

describe('an asker that leaves', () => {
  it('hears of the request it caused, which goes on for the others', async () => {
    const { ask, heard, requests } = setUp();
    const leaving = new AbortController();
    const [ann, bob] = [ask('ann', 'key', leaving.signal), ask('bob')];
    leaving.abort(new Error('gone'));
    await expect(ann).rejects.toThrow('gone');
    expect(requests[0]?.signal.aborted).toBe(false);
    requests[0]?.resolve('yes');
    expect(await bob).toEqual({ text: 'yes' });
    expect(heard).toEqual(['ann sent: left', 'bob shared: yes']);
  });

  it('aborts the request when it was the last, and the next asker starts another', async () => {
    const { ask, heard, requests } = setUp();
    const [one, two] = [new AbortController(), new AbortController()];
    const [ann, bob] = [ask('ann', 'key', one.signal), ask('bob', 'key', two.signal)];
    one.abort(new Error('ann is gone'));
    expect(requests[0]?.signal.aborted).toBe(false);
    two.abort(new Error('bob is gone'));
    expect(requests[0]?.signal.aborted).toBe(true);
    await expect(ann).rejects.toThrow('ann is gone');
    await expect(bob).rejects.toThrow('bob is gone');
    const cid = ask('cid');
    requests[0]?.reject(new Error('aborted'));
    requests[1]?.resolve('yes');
    expect(await cid).toEqual({ text: 'yes' });
    expect(heard).toEqual(['ann sent: left', 'cid sent: yes']);
  });

  it('before it asks is not asked for', async () => {
    const { ask, requests } = setUp();
    await expect(ask('ann', 'key', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(requests).toEqual([]);
  });
});

it('an asker of many questions is not taken for a leak', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => void warnings.push(warning);
  process.on('warning', listen);
  onTestFinished(() => void process.off('warning', listen));
  const { ask, requests } = setUp();
  const { signal } = new AbortController();
  const asked = Array.from({ length: 50 }, (_, index) => ask('ann', `key ${index}`, signal));
  for (const request of requests) request.resolve('yes');
  await Promise.all(asked);
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});

it('a question that is sent twice is told twice to the asker that waits longest', async () => {
  const { calls, heard } = setUp();
  const listener = (name: string): Listener<Answer> => ({
    sent: () => heard.push(`${name} sent`),
    shared: () => heard.push(`${name} shared`),
  });
  const send: Send<Answer> = async (attempt) => {
    await attempt(() => Promise.reject(new Error('once'))).catch(() => undefined);
    return attempt(() => Promise.resolve({ text: 'yes' }));
  };
  await Promise.all([calls.ask('key', send, listener('ann')), calls.ask('key', send, listener('bob'))]);
  expect(heard).toEqual(['ann sent', 'ann sent', 'bob shared']);
});

it('a question that is not sent at all is told to nobody', async () => {
  const { calls, heard } = setUp();
  const listener: Listener<Answer> = { sent: () => heard.push('sent'), shared: () => heard.push('shared') };
  const send: Send<Answer> = () => Promise.reject(new Error('shed'));
  await expect(calls.ask('key', send, listener)).rejects.toThrow('shed');
  expect(heard).toEqual([]);
});

it('closing aborts what is under way', async () => {
  const { calls, ask, requests } = setUp();
  const asked = ask('ann');
  calls.close();
  expect(requests[0]?.signal.aborted).toBe(true);
  requests[0]?.reject(new Error('closing'));
  await expect(asked).rejects.toThrow('closing');
});
