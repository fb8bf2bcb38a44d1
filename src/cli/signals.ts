import { exitCodes } from './exit.js';

/**
 * Resolves at the first SIGTERM or SIGINT. The second one ends the program at once, whatever is still under way.
 */
export function terminated(onSecond: () => void = () => process.exit(exitCodes.interrupted)): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = true;
    const hear = (signal: NodeJS.Signals) => {
      if (!first) onSecond();
      first = false;
      resolve(signal);
    };
    process.on('SIGTERM', hear);
    process.on('SIGINT', hear);
  });
}
