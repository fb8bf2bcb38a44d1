import { describe, expect, it, onTestFinished } from 'vitest';
import { storeSubjects } from '../support/stores.js';

describe.each(storeSubjects())('a store of consumers ($name)', ({ make }) => {
  it('keeps the furthest place of each consumer of each caller, also once it was closed', async () => {
    const { open } = await make();
    const before = await open();
    expect(await before.consumers.acknowledged('pager', 'ops')).toBeNull();
    expect(await before.consumers.acknowledge('pager', 'ops', 7)).toBe(7);
    expect(await before.consumers.acknowledge('pager', 'ops', 3)).toBe(7);
    expect(await before.consumers.acknowledge('pager', 'shop', 2)).toBe(2);
    await before.close();
    const after = await open();
    onTestFinished(() => after.close());
    expect(await after.consumers.acknowledged('pager', 'ops')).toBe(7);
    expect(await after.consumers.acknowledged('pager', 'shop')).toBe(2);
    expect(await after.consumers.acknowledged('chat', 'ops')).toBeNull();
  });
});
