/**
 * Asks until the answer is there, at a short pace, and gives it back. A failing question counts as no answer yet.
 * @throws Error that names what was awaited, with the last failure as its cause, when the deadline passes
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  deadlineMs = 30_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
