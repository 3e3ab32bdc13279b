// The first process inside the namespaces (see enter.ts). When it ends, the kernel ends all others in them.
import { spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { runFolder } from './programs.ts';

const [, , file, ...args] = process.argv;
if (file === undefined) throw new Error('Start init.ts through enter.ts, with a command');

prepare('ip', 'link', 'set', 'lo', 'up');
prepare('mount', '-t', 'tmpfs', '-o', 'mode=700', 'tmpfs', runFolder());
const child = spawn(file, args, {
  stdio: 'inherit',
  env: {
    ...process.env,
    // Shows the mesh that this is not the network of the machine.
    MULTICLUSTER_CANARY_NETWORK: readlinkSync('/proc/self/ns/net'),
    // A proxy of the machine is not reachable from here, nor needed.
    NO_PROXY: '*',
    no_proxy: '*',
  },
});

const outside = new Socket({ fd: 3, writable: false });
createInterface({ input: outside }).on('line', (signal) => child.kill(signal as NodeJS.Signals));
outside.on('close', () => {
  process.exit(1);
});

// The terminal's Ctrl-C reaches the command directly; this process must outlive it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => undefined);

child.on('error', (error) => {
  process.stderr.write(`Cannot run ${file}: ${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
});

function prepare(...[command = '', ...args]: string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0)
    throw new Error(
      `\`${[command, ...args].join(' ')}\` failed inside the namespaces; see the previous line.`,
    );
}
