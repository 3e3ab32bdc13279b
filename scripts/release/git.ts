import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a program in a folder and returns what it printed, without the newline at its end. */
export type Program = (...args: readonly string[]) => Promise<string>;

/** @returns a program that fails with an error that names the call and what it said */
export function programIn(folder: string, name: string): Program {
  return async (...args) => {
    try {
      const { stdout } = await run(name, args, { cwd: folder, maxBuffer: 64 * 2 ** 20 });
      return stdout.replace(/\n$/, '');
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
      throw new Error(`\`${name} ${args.join(' ')}\` failed: ${said}`, { cause: error });
    }
  };
}

/** Whether a call succeeds, for those whose exit code is the answer. */
export async function succeeds(call: Promise<string>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}
