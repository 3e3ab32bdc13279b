import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import pTimeout from 'p-timeout';
import type { FleetOptions, TestFleet } from '../fleet.ts';
import { keep, takeKept } from './kept-mesh.ts';
import type { MeshDescription, MeshOptions } from './mesh.ts';
import type { MeshAnswer, MeshRequest } from './mesh-process.ts';

/** Ten times the usual time on 2 cores, but below the limit of a test, so that a hang is reported and ended. */
const START_MS = 120_000;
const RESET_MS = 90_000;
const BREAK_MS = 15_000;
const STOP_MS = 30_000;

/**
 * Starts two real clusters in one Istio mesh. Must be called inside the namespaces of `enter.ts`, where one mesh runs at a time.
 * @throws Error with the end of the log of the program that failed; nothing of the mesh runs then
 */
export async function startMesh({
  clusters = ['east', 'west'],
  controlPlane = 'each',
  gatewayReplicas = 1,
  prometheus = false,
}: FleetOptions): Promise<TestFleet> {
  const [first, second, ...more] = clusters;
  if (first === undefined || second === undefined || more.length > 0) {
    throw new Error(
      `The mesh has exactly two clusters, but ${String(clusters.length)} were requested (${clusters.join(', ')}). Use FLEET=embedded.`,
    );
  }
  if (gatewayReplicas !== 1 && gatewayReplicas !== 2)
    throw new Error(`A gateway of the mesh has one or two replicas, not ${String(gatewayReplicas)}.`);
  const options = { clusters: [first, second], controlPlane, gatewayReplicas, prometheus } as const;
  const host = (await MeshHost.takeOver(options)) ?? (await MeshHost.start(options));
  return {
    kind: 'mesh',
    ...host.description,
    reset: async () => {
      await host.ask({ call: 'reset' }, RESET_MS);
    },
    stop: () => host.stop(),
    disturbMetrics: async (cluster, event) => {
      await host.ask({ call: 'disturb the metrics', cluster, event }, RESET_MS);
    },
    breakage: {
      takeDown: async (cluster, part) => {
        await host.ask({ call: 'take down', cluster, part }, BREAK_MS);
      },
      bringUp: async (cluster, part) => {
        await host.ask({ call: 'bring up', cluster, part }, RESET_MS);
      },
      losePod: async (cluster, namespace, version) => {
        await host.ask({ call: 'lose a pod', cluster, namespace, version }, BREAK_MS);
      },
    },
    freezeGateway: async (cluster, replica) => {
      await host.ask({ call: 'freeze a gateway', cluster, replica }, BREAK_MS);
    },
    thawGateway: async (cluster, replica) => {
      await host.ask({ call: 'thaw a gateway', cluster, replica }, BREAK_MS);
    },
    crashGateway: async (cluster, replica) => {
      await host.ask({ call: 'crash a gateway', cluster, replica }, RESET_MS);
    },
    loseGateway: async (cluster, replica) => {
      await host.ask({ call: 'lose a gateway', cluster, replica }, BREAK_MS);
    },
  };
}

/** The process that a mesh runs in. */
class MeshHost {
  readonly #child: ChildProcess;
  readonly #options: MeshOptions;
  readonly #exit = Promise.withResolvers<undefined>();
  readonly #answers: ((answer: MeshAnswer) => void)[] = [];
  readonly #onMessage = (answer: MeshAnswer): void => this.#answers.shift()?.(answer);
  readonly #onExit = (code: number | null, signal: string | null): void => {
    const error = `The mesh process ended unexpectedly (${signal ?? `exit code ${String(code)}`}).`;
    for (const answer of this.#answers.splice(0)) answer({ error });
    this.#exit.resolve(undefined);
  };
  #description: MeshDescription | undefined;
  /** Whether something was done to the mesh, or failed, that its next user should not have to do with. */
  #isWorn = false;
  #isStopped = false;

  private constructor(child: ChildProcess, options: MeshOptions) {
    this.#child = child;
    this.#options = options;
    child.on('message', this.#onMessage);
    child.once('exit', this.#onExit);
  }

  /** @throws Error with what went wrong; nothing of the mesh runs then */
  static async start(options: MeshOptions): Promise<MeshHost> {
    const child = fork(join(import.meta.dirname, 'mesh-process.ts'), {
      execPath: process.execPath,
      execArgv: [],
    });
    const host = new MeshHost(child, options);
    try {
      host.#description = await host.ask({ call: 'start', options }, START_MS);
      return host;
    } catch (error) {
      await host.#end();
      throw error;
    }
  }

  /** The mesh that an earlier test file has kept, if it is like this one; another one ends. */
  static async takeOver(options: MeshOptions): Promise<MeshHost | undefined> {
    const kept = takeKept();
    if (kept === undefined) return undefined;
    const host = new MeshHost(kept.child, kept.options);
    host.#description = kept.description;
    // The same text, as objects of different files have different prototypes.
    if (JSON.stringify(kept.options) === JSON.stringify(options)) {
      await host.ask({ call: 'reset' }, RESET_MS);
      return host;
    }
    await host.#end();
    return undefined;
  }

  get description(): MeshDescription {
    if (this.#description === undefined) throw new Error('The mesh process sent no description of the mesh.');
    return this.#description;
  }

  /** @throws Error about what went wrong in the mesh, or where it took longer than `ms` */
  async ask(request: MeshRequest, ms: number): Promise<MeshDescription | undefined> {
    const asked = new Promise<MeshAnswer>((resolve) => {
      this.#answers.push(resolve);
      this.#child.send(request);
    });
    this.#isWorn ||= request.call !== 'start' && request.call !== 'reset';
    try {
      const answer = await pTimeout(asked, {
        milliseconds: ms,
        message: `The mesh did not ${request.call} within ${String(ms / 1000)} s.`,
      });
      if ('error' in answer) throw new Error(answer.error);
      return answer.value;
    } catch (error) {
      this.#isWorn = true;
      throw error;
    }
  }

  /** Keeps the mesh for the next test file, where there may be one, or ends it. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const isKept =
      !this.#isWorn &&
      this.#child.connected &&
      keep({ child: this.#child, options: this.#options, description: this.description });
    if (!isKept) await this.#end();
    else this.#child.off('message', this.#onMessage).off('exit', this.#onExit);
  }

  /** @throws Error where the mesh did not end; its process has then been killed */
  async #end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    try {
      await pTimeout(this.#exit.promise, {
        milliseconds: STOP_MS,
        message: `The mesh did not stop within ${String(STOP_MS / 1000)} s, and was killed: its programs run on until the command ends.`,
      });
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    }
  }
}
