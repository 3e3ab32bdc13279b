import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

type Parsed<T extends ParseArgsConfig> = ReturnType<typeof parseArgs<T>>;

/**
 * Reads the options of a script. `--help` prints the help and ends the process; so do wrong options, with exit code 2.
 *
 * @param help how to run the script, and a line for each option
 */
export function readScriptOptions<const T extends ParseArgsConfig>(help: string, config: T): Parsed<T> {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${help.trim()}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help.trim()}\n`);
    process.exit(2);
  }
}
