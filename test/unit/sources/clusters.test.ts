import { expect, it } from 'vitest';
import { everything, scopeOf } from '../../../src/domain/access.js';
import type { DataSourceStatus } from '../../../src/domain/model.js';
import { createClusterDirectory } from '../../../src/sources/clusters.js';

const status: DataSourceStatus = {
  name: 'p',
  kind: 'prometheus',
  version: '3.0.0',
  reachable: true,
  error: null,
  latencySeconds: 0.01,
  checkedAtMs: 1,
};

it('names clusters in their order and asks the data source behind each, for who may see it', async () => {
  const asked: string[] = [];
  const directory = createClusterDirectory(
    {
      dataSourceOf: (cluster) => ({ name: `source-of-${cluster}`, clusters: [] }),
      status: async (name) => {
        asked.push(name);
        return status;
      },
    },
    [{ name: 'z' }, { name: 'a' }],
  );
  expect(directory.names()).toEqual(['z', 'a']);
  expect(await directory.status('a', { scope: everything })).toEqual([status]);
  expect(await directory.status('z', { scope: scopeOf(['a'], null) })).toEqual([]);
  expect(asked).toEqual(['source-of-a']);
});
