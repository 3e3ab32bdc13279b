import { isDeepStrictEqual } from 'node:util';
import type { Deployment, KubeObject, PodTemplate } from './objects.ts';
import { declaredOf, recordOf } from './declared-fields.ts';

/** Whether two states of a workload create the same pods. */
export function sameTemplate(a: KubeObject, b: KubeObject): boolean {
  return isDeepStrictEqual(podTemplateOf(a), podTemplateOf(b));
}

/** Whether the action still declares the same pod template: nobody has changed it or taken it over. */
export function isTemplateOurs(stored: KubeObject, now: KubeObject): boolean {
  return isDeepStrictEqual(declaredTemplate(stored), declaredTemplate(now));
}

/**
 * What to apply (server-side) so that a workload gets its earlier pod template back and nothing else changes: what the action
 * declares now, with the template that it declared before. What others declare is in neither, so it stays theirs. With the
 * resource version of `now`, the server refuses it after a concurrent write.
 * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export function withEarlierTemplate(now: KubeObject, before: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = now;
  const { name, namespace, resourceVersion } = metadata;
  const declared = declaredOf(now);
  const { template: _, ...spec } = recordOf(declared['spec']);
  const template = declaredTemplate(before);
  return {
    ...declared,
    apiVersion,
    kind,
    metadata: {
      ...recordOf(declared['metadata']),
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: template === undefined ? spec : { ...spec, template },
  };
}

function declaredTemplate(workload: KubeObject): unknown {
  return recordOf(declaredOf(workload)['spec'])['template'];
}

/** The pod template of a Deployment, StatefulSet or DaemonSet. */
export function podTemplateOf(object: KubeObject): PodTemplate | undefined {
  const workload: Deployment = object;
  return WORKLOAD_KINDS.includes(object.kind) ? workload.spec?.template : undefined;
}
const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'];
