// A fleet of clusters in its own process, so that serving it takes no time of what is measured (see fleet-server.ts).
import { startEmbedded } from '../testbed/embedded/start.ts';
import type { EmbeddedFleet } from '../testbed/embedded/start.ts';

/** What a benchmark asks of the process. */
export type FleetRequest =
  | { readonly ask: 'start'; readonly clusters: readonly string[] }
  /** Lets every call take this much longer, and counts from here on. */
  | { readonly ask: 'count'; readonly delayMs: number }
  | { readonly ask: 'counted' };

export interface FleetCounts {
  /** Of the busiest cluster. */
  readonly calls: number;
  /** TLS handshakes of the busiest cluster. */
  readonly handshakes: number;
}

export type FleetAnswer = { readonly kubeconfig: string } | FleetCounts;

let fleet: EmbeddedFleet | undefined;
let end = (): void => undefined;
let shaken: readonly number[] = [];

process.on('message', (request: FleetRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => {
  process.exit(0);
});

async function answer(request: FleetRequest): Promise<FleetAnswer> {
  switch (request.ask) {
    case 'start':
      fleet = await startEmbedded({ clusters: request.clusters, propagationMs: 5 });
      return { kubeconfig: fleet.kubeconfig };
    case 'count': {
      end();
      const { delayMs } = request;
      fleet?.forgetCalls();
      shaken = handshakes();
      if (delayMs > 0) end = fleet?.onCall(() => ({ delayMs })) ?? end;
      return counts();
    }
    case 'counted':
      return counts();
  }
}

function handshakes(): readonly number[] {
  return fleet?.clusters.map(({ name }) => fleet?.handshakes(name) ?? 0) ?? [];
}

function counts(): FleetCounts {
  const calls = Map.groupBy(fleet?.calls ?? [], ({ cluster }) => cluster);
  return {
    calls: Math.max(0, ...[...calls.values()].map(({ length }) => length)),
    handshakes: Math.max(0, ...handshakes().map((all, i) => all - (shaken[i] ?? 0))),
  };
}
