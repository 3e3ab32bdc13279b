import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { formatBytes } from '../../core/bytes.ts';
import { LOGIN } from '../../core/deadlines.ts';
import { secrets } from '../../core/secrets.ts';
import { thisMachine, worded } from '../../core/wording.ts';
import { LoginError } from './errors.ts';
import type { LoginCommand } from './exec-credential.ts';

/** A credential with certificate and key has some 10 KiB. */
const OUTPUT_LIMIT = 1024 * 1024;
/** The end of what a command says about its failure: a traceback has its message there. */
const SAID_LIMIT = 1_000;

/**
 * What a login command prints. It has no terminal and no input.
 *
 * @param env its environment
 * @param signal ends it, with every process that it started
 * @throws LoginError if it fails; the signal's reason
 */
export async function runCommand(
  login: LoginCommand,
  env: NodeJS.ProcessEnv,
  limitMs: number,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const child = start(login, env);
  const { command } = login;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stop = (why: unknown): void => {
    // A write to a promise that is settled does nothing, so the first reason counts.
    reject(why);
    endGroup(child);
  };
  const fail = (problem: string): void => {
    stop(new LoginError(`its login command ${command} (exec) ${problem}`));
  };
  const onAbort = (): void => {
    stop(signal.reason);
  };
  const timer = setTimeout(() => {
    fail(`did not finish within ${String(limitMs / 1000)} s`);
  }, limitMs);
  signal.addEventListener('abort', onAbort, { once: true });
  const printed = collect(child.stdout, OUTPUT_LIMIT, () => {
    fail(`printed more than ${formatBytes(OUTPUT_LIMIT)}`);
  });
  const said = collectEnd(child.stderr);
  child.on('error', (error) => {
    reject(notStarted(login, error));
  });
  child.on('close', (code, killedBy) => {
    if (code === 0) resolve(printed());
    else {
      const how =
        code === null ? `was ended by ${String(killedBy)}` : `failed with exit code ${String(code)}`;
      const why = said();
      fail(why === '' ? how : `${how}: ${why}`);
    }
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

function start(login: LoginCommand, env: NodeJS.ProcessEnv): Child {
  try {
    const child = spawn(login.command, login.args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what it started ends with it.
      detached: true,
      windowsHide: true,
    });
    keepTrack(child);
    return child;
  } catch (error) {
    // The message of an argument that cannot be passed on would quote it.
    throw notStarted(login, error);
  }
}

function notStarted({ command, installHint }: LoginCommand, error: unknown): LoginError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
  if (code !== 'ENOENT') return new LoginError(`its login command ${command} (exec) cannot be run: ${code}`);
  const remedy =
    installHint.replace(/\.$/, '') ||
    worded({ step: 'Install it in an earlier step of the job', command: 'Install it' });
  return new LoginError(`its login command ${command} (exec) is not installed on ${thisMachine()}`, {
    remedy,
  });
}

/** The commands that run now, or are about to be killed. They end with this process, however it ends. */
const running = new Set<ChildProcess>();

function keepTrack(child: ChildProcess): void {
  if (running.size === 0) process.once('exit', killAll);
  running.add(child);
  child.once('close', () => {
    if (!ending.has(child)) forget(child);
  });
}

function forget(child: ChildProcess): void {
  running.delete(child);
  if (running.size === 0) process.off('exit', killAll);
}

function killAll(): void {
  for (const child of running) signalGroup(child, 'SIGKILL');
}

/** The commands that were asked to end, as far as a process that they started may still run. */
const ending = new WeakSet<ChildProcess>();

/** Ends a command and all that it started, even if it has ended itself: asks first, since it may be writing a cache. */
function endGroup(child: Child): void {
  // After it, nothing of the command is left; its number may be another's by now.
  if (ending.has(child) || !running.has(child)) return;
  ending.add(child);
  // A process that has left the group may hold them open.
  child.stdout.destroy();
  child.stderr.destroy();
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => {
    signalGroup(child, 'SIGKILL');
    forget(child);
  }, LOGIN.endMs);
  child.once('close', () => {
    if (signalGroup(child, 0)) return;
    clearTimeout(timer);
    forget(child);
  });
}

/** @returns whether the signal has reached a process of the group; 0 only asks */
function signalGroup(child: ChildProcess, name: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, name);
  } catch {
    return name !== 0 && child.kill(name);
  }
}

/** Collects a text until it is too long. */
function collect(stream: Readable, limit: number, onTooLong: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) onTooLong();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Collects the end of a text, without secrets. */
function collectEnd(stream: Readable): () => string {
  let end: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    end = Buffer.concat([end, chunk]).subarray(-8 * SAID_LIMIT);
  });
  return () => secrets.redact(end.toString('utf8').trim()).slice(-SAID_LIMIT);
}
