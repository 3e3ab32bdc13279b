import { CONFIG_MAP, NAMESPACE, SERVICE_ACCOUNT } from '../api/kinds.ts';
import type { Resources } from '../api/resources.ts';
import type { Timers } from '../timers.ts';
import { WorkQueue } from './queue.ts';

const MANAGER = 'kube-controller-manager';

/** Gives every namespace the service account `default` and the ConfigMap with the cluster's CA. */
export function keepNamespaces(resources: Resources, timers: Timers): void {
  const queue = new WorkQueue(timers, 0, (name) => {
    const namespace = resources.store.get(NAMESPACE, undefined, name);
    if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return;
    if (resources.store.get(SERVICE_ACCOUNT, name, 'default') === undefined) {
      resources.create(SERVICE_ACCOUNT, name, { metadata: { name: 'default' } }, { manager: MANAGER });
    }
    if (resources.store.get(CONFIG_MAP, name, 'kube-root-ca.crt') === undefined) {
      const body = { metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': '' } };
      resources.create(CONFIG_MAP, name, body, { manager: MANAGER });
    }
  });
  resources.store.subscribe(({ kind, type, object }) => {
    const { name, namespace } = object.metadata;
    if (kind === NAMESPACE && type === 'ADDED') queue.add(name);
    if (kind === SERVICE_ACCOUNT && type === 'DELETED' && namespace !== undefined) queue.add(namespace);
  });
}
