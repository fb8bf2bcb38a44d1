import { describe, expect, it } from 'vitest';
import { BulkheadFull, createBulkhead } from '../../../../src/sources/prometheus/bulkhead.js';

/** Tasks that end when the test says so. */
function setUp(maxRunning: number, maxWaiting: number) {
  const bulkhead = createBulkhead(maxRunning, maxWaiting);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, signal = new AbortController().signal) =>
    bulkhead.run(() => {
      started.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    }, signal);
  return { bulkhead, started, run, end: (name: string) => ends.get(name)?.() };
}

describe('a bulkhead', () => {
  it('lets a bounded number run, and the others in the order they came', async () => {
    const { started, run, end } = setUp(2, 10);
    const tasks = ['a', 'b', 'c', 'd'].map((name) => run(name));
    await Promise.resolve();
    expect(started).toEqual(['a', 'b']);
    end('b');
    await tasks[1];
    expect(started).toEqual(['a', 'b', 'c']);
    end('a');
    await tasks[0];
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    end('c');
    end('d');
    expect(await Promise.all(tasks)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses when too many wait', async () => {
    const { run, end } = setUp(1, 1);
    const tasks = [run('a'), run('b')];
    await expect(run('c')).rejects.toThrow(BulkheadFull);
    end('a');
    await tasks[0];
    end('b');
    await tasks[1];
  });

  it('forgets who leaves while waiting', async () => {
    const { bulkhead, started, run, end } = setUp(1, 10);
    const leaving = new AbortController();
    const first = run('a');
    const second = run('b', leaving.signal);
    const third = run('c');
    leaving.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    expect(bulkhead.waiting()).toBe(1);
    end('a');
    await first;
    expect(started).toEqual(['a', 'c']);
    end('c');
    await third;
  });

  it('gives the place on when a task fails', async () => {
    const { bulkhead, started, run, end } = setUp(1, 10);
    const failing = bulkhead.run(() => Promise.reject(new Error('broken')), new AbortController().signal);
    const next = run('a');
    await expect(failing).rejects.toThrow('broken');
    expect(started).toEqual(['a']);
    end('a');
    await next;
  });
});
