import { setMaxListeners } from 'node:events';
import { formatDuration } from '../domain/duration.js';
import type { CompiledSli, ReadContext } from '../domain/ports.js';
import { type Clock, isDoneWithin } from './clock.js';
import type { Task } from './registry.js';

/** One question to the source for several tasks, and where its answers go. */
export interface Question {
  readonly tasks: readonly Task[];
  ask(slis: readonly CompiledSli[], context: ReadContext): Promise<readonly (() => void)[]>;
  fail(task: Task, message: string): void;
}

/**
 * Asks all at once and waits until all have answered, the deadline has passed or the asker has gone; gives who was
 * asked, and whether it was answered anything.
 */
export async function askAll(
  questions: readonly Question[],
  context: ReadContext,
  { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<ReadonlyMap<Task, boolean>> {
  const answered = new Map(questions.flatMap((question) => question.tasks.map((task) => [task, false])));
  if (questions.length === 0) return answered;
  const open = new Set(questions);
  const ended = endOf(context);
  const work = questions.map(async (question) => {
    const outcomes = await outcomesOf(question, { ...context, signal: ended.signal });
    // After the end it has been said that nothing was answered; that stands until the next evaluation.
    if (!open.delete(question)) return;
    for (const [index, task] of question.tasks.entries()) {
      const fault = applied(outcomes, index);
      if (fault === null) answered.set(task, true);
      else question.fail(task, fault);
    }
  });
  await isDoneWithin(Promise.race([Promise.all(work), ended.early]), deadlineMs, clock);
  const overdue = [...open];
  open.clear();
  ended.now();
  for (const question of overdue) {
    for (const task of question.tasks) {
      question.fail(task, `${task.sli.dataSource}: did not answer within ${formatDuration(deadlineMs)}`);
    }
  }
  return answered;
}

/**
 * A signal that ends with the asker's, or `now`. Not AbortSignal.any: with a signal that lives as long as the program
 * it keeps something of every call on Node 20.
 */
function endOf(context: ReadContext) {
  const controller = new AbortController();
  // Every request that is in flight for the asker listens.
  setMaxListeners(0, controller.signal);
  const early = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const end = () => controller.abort();
  if (context.signal?.aborted) end();
  context.signal?.addEventListener('abort', end, { once: true });
  const now = () => {
    context.signal?.removeEventListener('abort', end);
    end();
  };
  return { signal: controller.signal, early, now };
}

async function outcomesOf(question: Question, context: ReadContext): Promise<readonly (() => void)[] | string> {
  try {
    const slis = question.tasks.map((task) => task.sli);
    return await question.ask(slis, context);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Null when the answer was taken over; else why there is none. */
function applied(outcomes: readonly (() => void)[] | string, index: number): string | null {
  if (typeof outcomes === 'string') return outcomes;
  try {
    outcomes[index]?.();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
