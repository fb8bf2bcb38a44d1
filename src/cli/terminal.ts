import { styleText } from 'node:util';
import { type Problem, problemText } from '../domain/errors.js';

/** Where a command writes: data on stdout, messages on stderr. */
export interface Terminal {
  data(text: string): void;
  message(text: string): void;
  /** Problems as messages, one a line; warnings are told apart from errors in words, not only in colour. */
  problems(problems: readonly Problem[]): void;
}

export function createTerminal(
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const colours = stderr.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  const painted = (format: 'red' | 'yellow', text: string) => (colours ? styleText(format, text) : text);
  return {
    data: (text) => void stdout.write(`${text}\n`),
    message: (text) => void stderr.write(`${text}\n`),
    problems(problems) {
      for (const problem of problems) {
        const severity = problem.severity === 'ERROR' ? painted('red', 'error') : painted('yellow', 'warning');
        stderr.write(`${severity}: ${problemText(problem)}\n`);
      }
    },
  };
}
