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

/** Asks all at once and waits until all have answered, or the deadline; gives who was asked, and whether it was answered anything. */
export async function askAll(
  questions: readonly Question[],
  context: ReadContext,
  { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<ReadonlyMap<Task, boolean>> {
  const answered = new Map(questions.flatMap((question) => question.tasks.map((task) => [task, false])));
  if (questions.length === 0) return answered;
  const open = new Set(questions);
  const late = new AbortController();
  const signal = context.signal === undefined ? late.signal : AbortSignal.any([late.signal, context.signal]);
  const work = questions.map(async (question) => {
    const outcomes = await outcomesOf(question, { ...context, signal });
    // After the deadline it has been said that nothing was answered; that stands until the next evaluation.
    if (!open.delete(question)) return;
    for (const [index, task] of question.tasks.entries()) {
      const fault = applied(outcomes, index);
      if (fault === null) answered.set(task, true);
      else question.fail(task, fault);
    }
  });
  if (await isDoneWithin(Promise.all(work), deadlineMs, clock)) return answered;
  const overdue = [...open];
  open.clear();
  late.abort();
  for (const question of overdue) {
    for (const task of question.tasks) {
      question.fail(task, `${task.sli.dataSource}: did not answer within ${formatDuration(deadlineMs)}`);
    }
  }
  return answered;
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
