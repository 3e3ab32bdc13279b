import type { FleetOptions, TestFleet } from './fleet.ts';

/** Starts the fleet that the environment variable `FLEET` names: `mesh` or `embedded` (the default). */
export async function startFleet(options: FleetOptions = {}): Promise<TestFleet> {
  const kind = process.env['FLEET'] ?? 'embedded';
  switch (kind) {
    case 'mesh': {
      const { startMesh } = await import('./mesh/start.ts');
      return startMesh(options);
    }
    case 'embedded': {
      const { startEmbedded } = await import('./embedded/start.ts');
      return startEmbedded(options);
    }
    default:
      throw new Error(`FLEET=${kind}: expected mesh or embedded`);
  }
}
