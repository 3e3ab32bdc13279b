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
 * Runs a command in new user, network, mount and process namespaces, in which the mesh can start: the mesh is invisible from
 * outside, cannot reach anything outside, and ends with the command. Builds missing programs of the mesh first.
 * @returns the exit code of the command
 * @throws Error that names what is missing on this machine, with its remedy
 */
export async function enterMesh(command: readonly string[]): Promise<number> {
  await checkRunTools();
  await ensurePrograms((line) => {
    process.stderr.write(`mesh: ${line}\n`);
  });
  await mkdir(runFolder(), { recursive: true });

  // `exec` keeps the process id, with which another shell can enter the namespaces; inside them it is unknown.
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
 * Forwards each signal to the process inside. That process, and everything with it, also ends when this pipe closes, which
 * happens however this process ends.
 */
function forwardSignals(pipe: Writable): void {
  pipe.on('error', () => undefined);
  const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2'];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to all its processes, including those inside.
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
