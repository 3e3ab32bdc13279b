import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { TestFleet } from '../../../testbed/fleet.ts';

/** Writes the certificate authority of a fleet to a folder. @returns the file, for `NODE_EXTRA_CA_CERTS` */
export async function writeAuthority({ kubeconfig }: TestFleet, folder: string): Promise<string> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const file = join(folder, 'ca.pem');
  await writeFile(file, Buffer.from(config.getClusters()[0]?.caData ?? '', 'base64'));
  return file;
}
