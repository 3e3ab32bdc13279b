import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import pTimeout from 'p-timeout';
import type { FleetOptions, TestFleet } from '../fleet.ts';
import type { MeshDescription } from './mesh.ts';
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
  const host = new MeshHost();
  try {
    const options = {
      clusters: [first, second],
      controlPlane,
      gatewayReplicas,
      prometheus,
    } as const;
    const description = await host.ask({ call: 'start', options }, START_MS);
    if (description === undefined) throw new Error('The mesh process sent no description of the mesh.');
    return {
      kind: 'mesh',
      ...description,
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
  } catch (error) {
    await host.stop();
    throw error;
  }
}

/** The process that a mesh runs in. */
class MeshHost {
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  readonly #answers: ((answer: MeshAnswer) => void)[] = [];

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'mesh-process.ts'), {
      execPath: process.execPath,
      execArgv: [],
    });
    this.#child.on('message', (answer: MeshAnswer) => this.#answers.shift()?.(answer));
    this.#exit = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        const error = `The mesh process ended unexpectedly (${signal ?? `exit code ${String(code)}`}).`;
        for (const answer of this.#answers.splice(0)) answer({ error });
        resolve();
      });
    });
  }

  /** @throws Error about what went wrong in the mesh, or where it took longer than `ms` */
  async ask(request: MeshRequest, ms: number): Promise<MeshDescription | undefined> {
    const asked = new Promise<MeshAnswer>((resolve) => {
      this.#answers.push(resolve);
      this.#child.send(request);
    });
    const answer = await pTimeout(asked, {
      milliseconds: ms,
      message: `The mesh did not ${request.call} within ${String(ms / 1000)} s.`,
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  }

  /** @throws Error where the mesh did not end; its process has then been killed */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    try {
      await pTimeout(this.#exit, {
        milliseconds: STOP_MS,
        message: `The mesh did not stop within ${String(STOP_MS / 1000)} s, and was killed: its programs run on until the command ends.`,
      });
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    }
  }
}
