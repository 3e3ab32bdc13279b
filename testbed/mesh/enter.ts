import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { messageOf } from './error-message.ts';
import { NAMESPACES, checkRunTools } from './prerequisites.ts';
import { ensurePrograms, runFolder } from './programs.ts';

const INIT = join(import.meta.dirname, 'init.ts');

/**
 * Runs a command in a user, network, mount and process namespace of its own, in which the mesh can start: nothing of it is seen from
 * outside, nothing of it outlives the command, and it reaches nothing outside. Builds the programs of the mesh first, if they are missing.
 * @returns the exit code of the command
 * @throws Error that names what is missing on this machine, with its remedy
 */
export async function enterMesh(command: readonly string[]): Promise<number> {
  await checkRunTools();
  await ensurePrograms((line) => {
    process.stderr.write(`mesh: ${line}\n`);
  });
  await mkdir(runFolder(), { recursive: true });

  // `exec` keeps the process id, by which another shell can enter the namespaces; nothing inside could tell it.
  const script = 'export MULTICLUSTER_CANARY_OUTER_PID=$$; exec unshare "$@"';
  const child = spawn('sh', ['-c', script, 'sh', ...NAMESPACES, process.execPath, INIT, ...command], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, FLEET: 'mesh' },
  });
  forwardSignals(child.stdio[3] as Writable);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}

/**
 * Names each signal to the process inside. That process also ends, and everything with it, once this pipe closes, which it does
 * however this process ends.
 */
function forwardSignals(pipe: Writable): void {
  pipe.on('error', () => undefined);
  const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2'];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal gives Ctrl-C to all its processes, those inside included.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      pipe.write(`${signal}\n`);
    });
  }
}

if (import.meta.main) {
  const [, , ...words] = process.argv;
  const command = words[0] === '--' ? words.slice(1) : words;
  if (command.length === 0) {
    process.stderr.write('Usage: node testbed/mesh/enter.ts -- COMMAND [ARGUMENTS]\n');
    process.exit(2);
  }
  try {
    process.exitCode = await enterMesh(command);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
