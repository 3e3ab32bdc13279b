import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { NAMESPACE } from './objects.ts';
import type { Stage } from './stage.ts';
import type { TrafficApi } from './traffic-api.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/rbac');
const FILES: Readonly<Record<TrafficApi, readonly string[]>> = {
  VirtualService: ['access.yaml'],
  HTTPRoute: ['access.yaml', 'gateway-api.yaml'],
};

/**
 * Creates the service account of examples/rbac in each cluster of a mesh, with what a release by this kind of route needs, and returns a kubeconfig with its tokens.
 *
 * @param kubectl path of the program
 */
export async function serviceAccountOf({ fleet, api }: Stage, kubectl: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'account-'));
  try {
    const admin = join(folder, 'admin.yaml');
    await writeFile(admin, fleet.kubeconfig);
    const path = `${dirname(kubectl)}:${process.env['PATH'] ?? ''}`;
    const shell = execa({ env: { KUBECONFIG: admin, PATH: path } });
    const contexts = fleet.clusters.map(({ name }) => name);
    for (const context of contexts)
      for (const file of FILES[api])
        await shell`kubectl --context ${context} apply -f ${join(EXAMPLES, file)}`;
    const { stdout } = await shell`${join(EXAMPLES, 'kubeconfig.sh')} ${NAMESPACE} ${contexts}`;
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
