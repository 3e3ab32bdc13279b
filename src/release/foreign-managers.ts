import type { Change } from '../kubernetes/change.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject, ManagedFields } from '../kubernetes/objects.ts';

/** The fields of traffic objects that a release writes. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  VirtualService: ['http', 'tcp', 'tls'],
  DestinationRule: ['subsets'],
};

/** Controllers that bring objects back to what a repository holds, by the names that they write under. */
const SYNCS = /^(argocd|kustomize-controller|helm-controller|flux|fleetagent|configsync|pipecd|kapp)/i;

/**
 * What to be told before traffic objects are changed whose fields someone else declares: server-side appliers, and controllers
 * that sync from a repository. The release's write takes the fields over, and their next sync may take them back.
 *
 * @returns a sentence for each object and its managers, whatever the number of clusters
 */
export function foreignManagers(changes: readonly Change[]): readonly string[] {
  const found = changes.flatMap(({ cluster, before }) =>
    before === undefined
      ? []
      : managersOf(before).map(({ manager, fields }) => ({
          cluster,
          text: `${manager} declares ${fields} of ${nameOf(before)}`,
          manager,
        })),
  );
  return [...Map.groupBy(found, ({ text }) => text)].map(([text, all]) => {
    const clusters = [...new Set(all.map(({ cluster }) => cluster))].join(', ');
    const manager = all[0]?.manager ?? '';
    return `${text} in ${clusters}. The release writes these fields too, and the next sync of ${manager} may revert them: make it ignore them (Argo CD: ignoreDifferences with RespectIgnoreDifferences; Flux: annotation kustomize.toolkit.fluxcd.io/ssa: IfNotPresent), or keep the weights in its repository.`;
  });
}

function managersOf(object: KubeObject): readonly { readonly manager: string; readonly fields: string }[] {
  const written = WRITTEN[object.kind] ?? [];
  return (object.metadata.managedFields ?? []).flatMap((entry) => {
    const { manager = '' } = entry;
    const declares = entry.operation === 'Apply' || SYNCS.test(manager);
    const fields = written.filter((field) => declares && owns(entry, field));
    return fields.length === 0
      ? []
      : [{ manager, fields: fields.map((field) => `spec.${field}`).join(', ') }];
  });
}

/** Whether an entry covers `spec.FIELD`, wholly or in parts (`f:spec` → `f:http`). */
function owns({ fieldsV1 }: ManagedFields, field: string): boolean {
  const spec = fieldsV1?.['f:spec'];
  return typeof spec === 'object' && spec !== null && `f:${field}` in spec;
}
