import { request } from 'node:http';

/** One sample: time in milliseconds since the epoch, value. */
export type Sample = readonly [timeMs: number, value: number];

/** A series as it is written: labels with `__name__`, samples ascending in time. */
export interface WrittenSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

/** The NaN that marks a series as ended, as Prometheus writes it when a target is gone. */
export const STALE_MARKER_BITS = 0x7ff0000000000002n;

/**
 * Writes samples to a Prometheus that runs with `--web.enable-remote-write-receiver`. Batches must come in time order;
 * with one request in flight nothing is lost.
 * @throws Error with Prometheus' own words when it refuses (`out of order sample`, `out of bounds`)
 */
export async function remoteWrite(url: string, series: readonly WrittenSeries[]): Promise<void> {
  const batch = new WriteBatch();
  for (const { labels, samples } of series) batch.add(encodeLabels(labels), samples);
  await batch.send(url);
}

/** Labels as every write repeats them: made once per series. Empty values are no labels and are left out. */
export function encodeLabels(labels: Readonly<Record<string, string>>): Buffer {
  const out = new ByteWriter();
  const part = new ByteWriter();
  for (const name of Object.keys(labels).sort()) {
    const value = labels[name] as string;
    if (value === '') continue;
    part.clear();
    part.text(1, name);
    part.text(2, value);
    out.bytes(1, part);
  }
  return out.take();
}

/** `WriteRequest{ repeated TimeSeries timeseries = 1 }` of prometheus/prompb, sent as one request: all of it or nothing. */
export class WriteBatch {
  private readonly out = new ByteWriter();
  private readonly inner = new ByteWriter();
  /** Samples added so far. */
  samples = 0;

  /** @param labels as `encodeLabels` gives them */
  add(labels: Buffer, samples: readonly Sample[]): void {
    if (samples.length === 0) return;
    this.inner.clear();
    this.inner.raw(labels);
    for (const [timeMs, value] of samples) this.inner.sample(timeMs, value);
    this.out.bytes(1, this.inner);
    this.samples += samples.length;
  }

  /** @throws Error with Prometheus' own words when it refuses */
  async send(url: string): Promise<void> {
    if (this.samples > 0) await post(url, snappyLiteral(this.out.take()));
  }
}

function post(url: string, body: Buffer): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const call = request(
      new URL('/api/v1/write', url),
      {
        method: 'POST',
        headers: {
          'content-type': 'application/x-protobuf',
          'content-encoding': 'snappy',
          'x-prometheus-remote-write-version': '0.1.0',
          'content-length': body.length,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 204 || response.statusCode === 200) resolve();
          else reject(new Error(`remote write to ${url} was refused with ${response.statusCode}: ${text.trim()}`));
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** Snappy's block format with literals only: valid, and cheap to make. */
function snappyLiteral(input: Buffer): Buffer {
  const header = new ByteWriter();
  header.varint(input.length);
  const chunks: Buffer[] = [header.take()];
  for (let at = 0; at < input.length; at += 65_536) {
    const chunk = input.subarray(at, at + 65_536);
    const tag = Buffer.alloc(3);
    tag[0] = 61 << 2; // literal whose length minus one stands in the next two bytes
    tag.writeUInt16LE(chunk.length - 1, 1);
    chunks.push(tag, chunk);
  }
  return Buffer.concat(chunks);
}

class ByteWriter {
  private buffer = Buffer.alloc(4_096);
  private length = 0;

  clear(): void {
    this.length = 0;
  }

  take(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.length));
  }

  varint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.length++] = rest;
  }

  text(field: number, value: string): void {
    const size = Buffer.byteLength(value);
    this.varint((field << 3) | 2);
    this.varint(size);
    this.reserve(size);
    this.length += this.buffer.write(value, this.length);
  }

  bytes(field: number, content: ByteWriter): void {
    this.varint((field << 3) | 2);
    this.varint(content.length);
    this.reserve(content.length);
    content.buffer.copy(this.buffer, this.length, 0, content.length);
    this.length += content.length;
  }

  raw(content: Buffer): void {
    this.reserve(content.length);
    this.length += content.copy(this.buffer, this.length);
  }

  /** `Sample{ value = 1, timestamp = 2 }` as field 2: the innermost loop of all writing, so in one piece. */
  sample(timeMs: number, value: number): void {
    let size = 1;
    for (let rest = timeMs; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
    this.reserve(size + 12);
    this.buffer[this.length++] = (2 << 3) | 2;
    this.buffer[this.length++] = size + 10;
    this.buffer[this.length++] = (1 << 3) | 1;
    // A stale marker is one particular NaN; only a NaN made from its bits keeps them, so it is written as bits.
    if (Number.isNaN(value)) this.buffer.writeBigUInt64LE(STALE_MARKER_BITS, this.length);
    else this.buffer.writeDoubleLE(value, this.length);
    this.length += 8;
    this.buffer[this.length++] = 2 << 3;
    this.varint(timeMs);
  }

  private reserve(size: number): void {
    if (this.length + size <= this.buffer.length) return;
    const grown = Buffer.alloc(Math.max(this.buffer.length * 2, this.length + size));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
