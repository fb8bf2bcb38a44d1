/** An end in time that also ends when the asker does. `AbortSignal.timeout` could not be cleared: its timers would pile up. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether time ran out, and not the asker went away. */
  isOver(): boolean;
  /** To be called when the work is done. */
  clear(): void;
}

export function startDeadline(timeoutMs: number, asker: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    controller.abort(new Error('too late'));
  }, timeoutMs);
  const leave = () => controller.abort(asker?.reason);
  asker?.addEventListener('abort', leave, { once: true });
  if (asker?.aborted === true) leave();
  return {
    signal: controller.signal,
    isOver: () => over,
    clear() {
      clearTimeout(timer);
      asker?.removeEventListener('abort', leave);
    },
  };
}
