import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { findProgram } from '../../../testbed/mesh/programs.ts';

interface Forwarded extends AsyncDisposable {
  readonly url: string;
}

/** The real kubectl, in one cluster of the mesh. */
export class Kubectl {
  readonly #program: string;
  readonly #args: readonly string[];

  private constructor(program: string, args: readonly string[]) {
    this.#program = program;
    this.#args = args;
  }

  /** @param folder for its kubeconfig */
  static async of(kubeconfig: string, context: string, folder: string): Promise<Kubectl> {
    const program = await findProgram('kubectl');
    if (program === undefined) throw new Error('kubectl has not been built.');
    const path = join(folder, 'kubectl.yaml');
    await writeFile(path, kubeconfig, { mode: 0o600 });
    return new Kubectl(program, ['--kubeconfig', path, '--context', context]);
  }

  /** How many requests for a subresource of pods the API server has completed. */
  async completed(subresource: string): Promise<number> {
    const { stdout } = await execa(this.#program, [...this.#args, 'get', '--raw', '/metrics'], {
      maxBuffer: 100_000_000,
    });
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('apiserver_request_total{'))
      .filter((line) => line.includes(`subresource="${subresource}"`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Runs `kubectl port-forward` to a port of a pod, on a free port of this machine. */
  async portForward(namespace: string, pod: string, port: number): Promise<Forwarded> {
    const child = execa(
      this.#program,
      [...this.#args, '--namespace', namespace, 'port-forward', `pod/${pod}`, `:${String(port)}`],
      { reject: false },
    );
    for await (const line of createInterface(child.stdout)) {
      const [, address] = /^Forwarding from (127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (address === undefined) continue;
      // It goes on to say something about each connection.
      child.stdout.resume();
      return {
        url: `http://${address}`,
        [Symbol.asyncDispose]: async () => {
          child.kill();
          await child;
        },
      };
    }
    throw new Error(`kubectl port-forward ended: ${(await child).stderr}`);
  }
}
