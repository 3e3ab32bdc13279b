// A mesh in its own process, so that a test's load does not disturb it. It ends when its parent does.
import type { FleetPart, MetricsEvent } from '../fleet.ts';
import { messageOf } from './error-message.ts';
import { Mesh } from './mesh.ts';
import type { MeshDescription, MeshOptions } from './mesh.ts';

export type MeshRequest =
  | { readonly call: 'start'; readonly options: MeshOptions }
  | { readonly call: 'reset' }
  | { readonly call: 'take down' | 'bring up'; readonly cluster: string; readonly part: FleetPart }
  | { readonly call: 'disturb the metrics'; readonly cluster: string; readonly event: MetricsEvent }
  | {
      readonly call: 'lose a pod';
      readonly cluster: string;
      readonly namespace: string;
      readonly version: string;
    }
  | {
      readonly call: 'crash a gateway' | 'lose a gateway' | 'freeze a gateway' | 'thaw a gateway';
      readonly cluster: string;
      readonly replica: number;
    };
/** The answers come in the order of the requests. */
export type MeshAnswer = { readonly value: MeshDescription | undefined } | { readonly error: string };

let mesh: Promise<Mesh> | undefined;
let queue = Promise.resolve();
const ending = new AbortController();

process.on('message', (request: MeshRequest) => {
  queue = queue.then(async () => {
    const answered = await answer(request);
    // Nobody listens once the mesh is being stopped.
    if (process.connected) process.send?.(answered);
  });
});
// The parent receives Ctrl-C too, and decides.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => {
  void end();
});
process.on('disconnect', () => {
  void end();
});

async function answer(request: MeshRequest): Promise<MeshAnswer> {
  try {
    return { value: await serve(request) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

async function serve(request: MeshRequest): Promise<MeshDescription | undefined> {
  switch (request.call) {
    case 'start':
      mesh = Mesh.start(request.options, ending.signal);
      return (await mesh).describe();
    case 'reset':
      await (await mesh)?.reset();
      return undefined;
    case 'take down':
      await (await mesh)?.takeDown(request.cluster, request.part);
      return undefined;
    case 'bring up':
      await (await mesh)?.bringUp(request.cluster, request.part);
      return undefined;
    case 'disturb the metrics':
      await (await mesh)?.disturbMetrics(request.cluster, request.event);
      return undefined;
    case 'lose a pod':
      await (await mesh)?.losePod(request.cluster, request.namespace, request.version);
      return undefined;
    case 'crash a gateway':
      await (await mesh)?.crashGateway(request.cluster, request.replica);
      return undefined;
    case 'lose a gateway':
      await (await mesh)?.loseGateway(request.cluster, request.replica);
      return undefined;
    case 'freeze a gateway':
      (await mesh)?.freezeGateway(request.cluster, request.replica);
      return undefined;
    case 'thaw a gateway':
      (await mesh)?.thawGateway(request.cluster, request.replica);
      return undefined;
  }
}

async function end(): Promise<void> {
  ending.abort();
  try {
    await (await mesh)?.stop();
  } finally {
    process.exit(0);
  }
}
