/** Shows how far something has got. */
export interface Progress {
  /** Share that is done, 0..1. */
  readonly at: (share: number) => void;
  readonly end: () => void;
}

/** Writes to stderr: one line that is overwritten on a terminal, one line every quarter elsewhere. */
export function progressOf(what: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  const beganMs = Date.now();
  let shown = -1;
  const show = (share: number) => {
    const percent = Math.floor(share * 100);
    const isDue = stream.isTTY === true ? percent > shown : Math.floor(percent / 25) > Math.floor(shown / 25);
    if (!isDue) return;
    shown = percent;
    stream.write(
      `${stream.isTTY === true ? '\r' : ''}${line(what, share, Date.now() - beganMs)}${stream.isTTY === true ? '' : '\n'}`,
    );
  };
  return {
    at: show,
    end: () => {
      if (stream.isTTY === true && shown >= 0) stream.write('\n');
    },
  };
}

function line(what: string, share: number, elapsedMs: number): string {
  const leftS = share > 0.02 ? Math.ceil((elapsedMs * (1 - share)) / share / 1_000) : null;
  const estimate =
    leftS === null
      ? 'estimating the time left'
      : share < 1
        ? `about ${leftS} s left`
        : `took ${Math.ceil(elapsedMs / 1_000)} s`;
  return `${what}: ${String(Math.floor(share * 100)).padStart(3)} %, ${estimate}`.padEnd(78);
}
