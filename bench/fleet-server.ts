import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FleetAnswer, FleetCounts, FleetRequest } from './fleet-process.ts';

/** A fleet of clusters that another process serves. */
export class FleetServer {
  readonly kubeconfig: string;
  readonly clusters: readonly string[];
  readonly #child: ReturnType<typeof fork>;

  private constructor(child: ReturnType<typeof fork>, clusters: readonly string[], kubeconfig: string) {
    this.#child = child;
    this.clusters = clusters;
    this.kubeconfig = kubeconfig;
  }

  static async start(size: number): Promise<FleetServer> {
    const clusters = Array.from({ length: size }, (_, i) => `cluster-${String(i)}`);
    const child = fork(join(import.meta.dirname, 'fleet-process.ts'), { execArgv: [] });
    const answer = await asked(child, { ask: 'start', clusters });
    if (!('kubeconfig' in answer)) throw new Error('the fleet did not start');
    return new FleetServer(child, clusters, answer.kubeconfig);
  }

  /** What some work costs the busiest cluster, where each call takes this much longer. */
  async countsOf<T>(
    delayMs: number,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly counts: FleetCounts }> {
    await asked(this.#child, { ask: 'count', delayMs });
    const result = await work();
    const counts = await asked(this.#child, { ask: 'counted' });
    if ('kubeconfig' in counts) throw new Error('the fleet did not count');
    return { result, counts };
  }

  stop(): void {
    this.#child.disconnect();
  }
}

async function asked(child: ReturnType<typeof fork>, request: FleetRequest): Promise<FleetAnswer> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`the fleet ended unexpectedly (exit code ${String(code)})`);
  });
  exit.catch(() => undefined);
  const message = once(child, 'message') as Promise<[FleetAnswer]>;
  child.send(request);
  const [answer] = await Promise.race([message, exit]);
  ended.abort();
  return answer;
}
