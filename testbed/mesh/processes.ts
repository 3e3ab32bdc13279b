import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from './error-message.ts';
import { until } from './until.ts';

interface StartOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the process is a Node program that exchanges messages with this one. */
  readonly messages?: boolean;
}

/** The long-running programs of a mesh: each with its own log file, all ended together. */
export class Processes {
  readonly #logs: string;
  readonly #running = new Map<ChildProcess, string>();
  /** How each was started, to start it again. */
  readonly #started = new Map<
    string,
    { readonly command: readonly string[]; readonly options: StartOptions }
  >();
  readonly #failure = new AbortController();
  #waiting = 0;
  #ending = false;

  /** @param logs folder for the log files */
  constructor(logs: string) {
    this.#logs = logs;
    mkdirSync(logs, { recursive: true });
  }

  /**
   * Starts a program that is meant to run until {@link end}.
   * @param name what messages call it, e.g. `istiod of east`
   * @throws Error where another program has ended unexpectedly, or all have been ended
   */
  start(name: string, command: readonly string[], options: StartOptions): ChildProcess {
    this.#failure.signal.throwIfAborted();
    const { cwd, env = {}, messages = false } = options;
    const [file = '', ...args] = command;
    const log = openSync(this.#logFile(name), 'a');
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      // In its own process group, so that its children end with it.
      detached: true,
      stdio: messages ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    });
    closeSync(log);
    this.#running.set(child, name);
    this.#started.set(name, { command, options });
    child.once('error', (error) => {
      this.#gone(child, name, error.message);
    });
    child.once('exit', (code, signal) => {
      this.#gone(child, name, signal ?? `exit code ${String(code)}`);
    });
    return child;
  }

  /** Kills a program, as a crash does. Resolves once it is gone; {@link restart} starts it again. */
  async kill(name: string): Promise<void> {
    for (const [child, running] of this.#running) {
      if (running !== name || child.pid === undefined) continue;
      const exit = once(child, 'exit');
      // From here on, its end is expected.
      this.#running.delete(child);
      killGroup(child.pid);
      await exit;
    }
  }

  /** Sends a signal to a program alone, and not to what it has started. */
  signal(name: string, signal: 'SIGSTOP' | 'SIGCONT' | 'SIGHUP'): void {
    const found = [...this.#running].find(([, running]) => running === name);
    if (found === undefined) throw new Error(`${name} does not run.`);
    found[0].kill(signal);
  }

  /** Whether a program runs, as far as is known. */
  isRunning(name: string): boolean {
    return [...this.#running.values()].includes(name);
  }

  /** Starts a killed program again, with the same command, data and ports. */
  restart(name: string): void {
    const earlier = this.#started.get(name);
    if (earlier === undefined) throw new Error(`${name} has never been started.`);
    this.start(name, earlier.command, earlier.options);
  }

  /**
   * Waits for a condition that a program fulfils.
   * @throws Error with the last lines of the program's log when the time is over, or of the log of any program that ended meanwhile
   */
  async until(
    name: string,
    what: string,
    look: () => Promise<boolean> | boolean,
    seconds = 60,
  ): Promise<void> {
    this.#waiting += 1;
    try {
      await until(`${name} to ${what}`, look, { seconds, signal: this.#failure.signal });
    } catch (error) {
      this.#failure.signal.throwIfAborted();
      throw new Error(`${messageOf(error)}\n${this.#tail(name)}`, {
        cause: error,
      });
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Ends every program at once: their data is discarded anyway. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#failure.abort(new Error('The mesh is being stopped.'));
    const exits = [...this.#running.keys()].map(async (child) => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      killGroup(child.pid);
      await exit;
    });
    await Promise.all(exits);
    this.#running.clear();
  }

  #gone(child: ChildProcess, name: string, how: string): void {
    if (this.#ending || !this.#running.delete(child)) return;
    if (child.pid !== undefined) killGroup(child.pid);
    const error = new Error(`${name} ended unexpectedly (${how}).\n${this.#tail(name)}`);
    // Whoever waits throws it; later nobody else would report it.
    if (this.#waiting === 0) process.stderr.write(`mesh: ${error.message}\n`);
    this.#failure.abort(error);
  }

  #logFile(name: string): string {
    return join(this.#logs, `${name.replaceAll(' ', '-')}.log`);
  }

  #tail(name: string): string {
    const lines = readFileSync(this.#logFile(name), 'utf8').trimEnd().split('\n').slice(-25);
    return `The end of its log:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // The group has no process left.
  }
}
