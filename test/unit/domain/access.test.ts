import { describe, expect, it } from 'vitest';
import { everything, scopeOf, seesCluster, seesNamespace } from '../../../src/domain/access.js';

describe('a scope', () => {
  it('has one key for one meaning, whatever the order and repetition', () => {
    expect(scopeOf(['b', 'a', 'a'], null).key).toBe(scopeOf(['a', 'b'], null).key);
    expect(scopeOf(null, null).key).toBe(everything.key);
  });

  it.each([
    [scopeOf(['a'], null), scopeOf(null, ['a'])],
    [scopeOf([], null), scopeOf(null, null)],
    [scopeOf(['a,b'], null), scopeOf(['a', 'b'], null)],
  ])('has different keys for different meanings: %j and %j', (one, other) => {
    expect(one.key).not.toBe(other.key);
  });

  it('sees nothing with an empty list and everything with none', () => {
    expect(seesCluster(scopeOf([], null), 'a')).toBe(false);
    expect(seesNamespace(scopeOf(null, []), 'a', 'x')).toBe(false);
    expect(seesNamespace(everything, 'a', 'x')).toBe(true);
  });

  it('needs the cluster for what is inside of it', () => {
    const scope = scopeOf(['a'], ['x']);
    expect(seesNamespace(scope, 'a', 'x')).toBe(true);
    expect(seesNamespace(scope, 'b', 'x')).toBe(false);
    expect(seesNamespace(scope, 'a', 'y')).toBe(false);
  });
});
