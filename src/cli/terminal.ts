import { styleText } from 'node:util';
import { type Problem, problemText } from '../domain/errors.js';
import type { Finding } from '../domain/finding.js';

/** Where a command writes: data on stdout, messages on stderr. */
export interface Terminal {
  data(text: string): void;
  message(text: string): void;
  /** Problems as messages, one a line; warnings are told apart from errors in words, not only in colour. */
  problems(problems: readonly Problem[]): void;
  /** Findings as data, one a line: what was found, and what to do. */
  findings(findings: readonly Finding[]): void;
}

const MARKS = { OK: ['✓', 'green'], WARNING: ['!', 'yellow'], ERROR: ['✗', 'red'] } as const;

export function createTerminal(
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const wanted = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  const painted = (stream: NodeJS.WriteStream, format: 'red' | 'yellow' | 'green', text: string) =>
    wanted && stream.isTTY === true ? styleText(format, text, { validateStream: false }) : text;
  return {
    data: (text) => void stdout.write(`${text}\n`),
    message: (text) => void stderr.write(`${text}\n`),
    problems(problems) {
      for (const problem of problems) {
        const severity =
          problem.severity === 'ERROR' ? painted(stderr, 'red', 'error') : painted(stderr, 'yellow', 'warning');
        stderr.write(`${severity}: ${problemText(problem)}\n`);
      }
    },
    findings(findings) {
      for (const { level, cluster, message, advice } of findings) {
        const [mark, format] = MARKS[level];
        const place = cluster === null ? '' : `${cluster}: `;
        stdout.write(`${painted(stdout, format, mark)} ${place}${message}${advice === null ? '' : ` -> ${advice}`}\n`);
      }
    },
  };
}
