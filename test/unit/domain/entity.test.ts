import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../../src/domain/entity.js';

describe('an id', () => {
  it('gives back what it was made of, whatever characters that has', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (parts) => {
        expect(decodeId(encodeId('Pod', ...parts))).toEqual({ kind: 'Pod', parts });
      }),
    );
  });

  it('is the base64url of the JSON of its parts, long or short', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { maxLength: 3 }), (parts) => {
        const own = Buffer.from(JSON.stringify(['Pod', ...parts])).toString('base64url');
        expect(encodeId('Pod', ...parts)).toBe(own);
      }),
    );
    const surrogates = ['\ud800', 'ü'.repeat(2_000), '😀'.repeat(300), '\udc00"\\'];
    for (const part of surrogates) {
      expect(encodeId('Pod', part)).toBe(Buffer.from(JSON.stringify(['Pod', part])).toString('base64url'));
    }
  });

  it('keeps apart what joining by a separator would not', () => {
    expect(encodeId('Pod', 'a/b', 'c')).not.toBe(encodeId('Pod', 'a', 'b/c'));
  });

  it.each([
    '',
    'nonsense',
    '!!!',
    Buffer.from('{}').toString('base64url'),
    Buffer.from('[1]').toString('base64url'),
    Buffer.from('[]').toString('base64url'),
  ])('is null for %j', (id) => {
    expect(decodeId(id)).toBeNull();
  });

  it('has one spelling only', () => {
    expect(decodeId(`${encodeId('Node', 'a', 'b')}=`)).toBeNull();
  });
});
