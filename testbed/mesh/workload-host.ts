import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Processes } from './processes.ts';
import type { Workload, WorkloadsAnswer, WorkloadsRequest } from './workloads.ts';

/** The process in which the workloads of a cluster run. */
export class WorkloadHost {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, (answer: WorkloadsAnswer) => void>();

  constructor(processes: Processes, cluster: string, cwd: string) {
    const program = join(import.meta.dirname, 'workloads.ts');
    this.#child = processes.start(`workloads of ${cluster}`, [process.execPath, program], {
      cwd,
      messages: true,
    });
    this.#child.on('message', (answer: WorkloadsAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** Resolves once the workload listens. */
  async start(workload: Workload): Promise<void> {
    await this.#ask(workload.id, { start: workload });
  }

  /** Resolves once the workload's sockets are closed, or if it does not run. */
  async stop(id: string): Promise<void> {
    await this.#ask(id, { stop: id });
  }

  /** One request at a time for each workload. */
  async #ask(id: string, request: WorkloadsRequest): Promise<void> {
    const { error } = await new Promise<WorkloadsAnswer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send(request);
    });
    if (error !== undefined) throw new Error(`The workload of pod ${id} failed: ${error}`);
  }
}
