/** Serialised answers, the newest ones: equal subscriptions are executed once for each. */
export interface Payloads {
  /**
   * Makes it when it is not at hand; those who ask meanwhile wait for the same one.
   * @param signal aborted when what is being made is given up: nobody else may wait for that
   */
  of(key: string, make: () => Promise<Payload>, signal: AbortSignal): Promise<Buffer> | Buffer;
}

export interface Payload {
  readonly bytes: Buffer;
  /** False for an answer with failures of the moment: the next who asks may be luckier. */
  readonly lasting: boolean;
}

/** Of all groups together. */
const MAX_BYTES = 67_108_864;
/** What an entry costs beside its bytes. */
const OVERHEAD_BYTES = 200;

export function createPayloads(maxBytes = MAX_BYTES): Payloads {
  const kept = new Map<string, Buffer>();
  const making = new Map<string, { readonly promise: Promise<Buffer>; readonly signal: AbortSignal }>();
  let total = 0;

  function drop(key: string, bytes: Buffer): void {
    kept.delete(key);
    total -= bytes.length + OVERHEAD_BYTES;
  }

  function keep(key: string, bytes: Buffer): void {
    kept.set(key, bytes);
    total += bytes.length + OVERHEAD_BYTES;
    for (const [oldest, old] of kept) {
      if (total <= maxBytes) return;
      drop(oldest, old);
    }
  }

  async function made(key: string, make: () => Promise<Payload>): Promise<Buffer> {
    const { bytes, lasting } = await make();
    if (lasting && !kept.has(key)) keep(key, bytes);
    return bytes;
  }

  return {
    of(key, make, signal) {
      const known = kept.get(key);
      if (known !== undefined) return known;
      const under = making.get(key);
      if (under !== undefined && !under.signal.aborted) return under.promise;
      const mine = { promise: made(key, make), signal };
      making.set(key, mine);
      const forget = () => void (making.get(key) === mine && making.delete(key));
      mine.promise.then(forget, forget);
      return mine.promise;
    },
  };
}
