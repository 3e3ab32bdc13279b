import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { FleetOptions, TestFleet } from '../fleet.ts';
import type { MeshDescription } from './mesh.ts';
import type { MeshAnswer, MeshRequest } from './mesh-process.ts';

/**
 * Starts two real clusters in one Istio mesh. Has to be called inside of what `enter.ts` leads to, where one mesh runs at a time.
 * @throws Error with the end of the log of the program that failed; nothing of the mesh runs then
 */
export async function startMesh({
  clusters = ['east', 'west'],
  controlPlane = 'each',
}: FleetOptions): Promise<TestFleet> {
  const [first, second, ...more] = clusters;
  if (first === undefined || second === undefined || more.length > 0) {
    throw new Error(
      `The mesh has exactly two clusters, and ${String(clusters.length)} were asked for (${clusters.join(', ')}). Use FLEET=embedded.`,
    );
  }
  const host = new MeshHost();
  try {
    const description = await host.ask({
      call: 'start',
      options: { clusters: [first, second], controlPlane },
    });
    if (description === undefined) throw new Error('The process of the mesh did not describe it.');
    return {
      kind: 'mesh',
      ...description,
      reset: async () => {
        await host.ask({ call: 'reset' });
      },
      stop: () => host.stop(),
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
        const error = `The process of the mesh ended by itself (${signal ?? `exit code ${String(code)}`}).`;
        for (const answer of this.#answers.splice(0)) answer({ error });
        resolve();
      });
    });
  }

  async ask(request: MeshRequest): Promise<MeshDescription | undefined> {
    const answer = await new Promise<MeshAnswer>((resolve) => {
      this.#answers.push(resolve);
      this.#child.send(request);
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exit;
  }
}
