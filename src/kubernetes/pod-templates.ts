import { isDeepStrictEqual } from 'node:util';
import type { Deployment, KubeObject, PodTemplate } from './objects.ts';
import { FIELD_MANAGER } from './field-managers.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Whether two states of a workload make the same pods. */
export function sameTemplate(a: KubeObject, b: KubeObject): boolean {
  return isDeepStrictEqual(podTemplateOf(a), podTemplateOf(b));
}

/** Whether what the action declared in a pod template is still there, as its own: nobody has changed it or taken it over. */
export function isTemplateOurs(stored: KubeObject, now: KubeObject): boolean {
  return isDeepStrictEqual(declaredTemplate(stored), declaredTemplate(now));
}

/**
 * What to apply (server-side) so that a workload gets its earlier pod template again and everything else stays: what the action
 * declares of it now, with what it declared of the template before. What others declare is in neither, so it stays theirs. It
 * carries the resource version of `now`: a server refuses it once somebody else has written.
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

/** The part of an object that the action declares. */
function declaredOf(object: KubeObject): Fields {
  const entry = (object.metadata.managedFields ?? []).find(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === 'Apply' && subresource === undefined,
  );
  return entry?.fieldsV1 === undefined ? {} : recordOf(partOf(object, entry.fieldsV1));
}

/** What a field set covers of a value: `f:NAME` fields, `k:{…}` elements of a list by their keys, `v:…` by value, the whole where it ends. */
function partOf(value: unknown, fields: Fields): unknown {
  const keys = Object.keys(fields).filter((key) => key !== '.');
  if (keys.length === 0) return value;
  if (Array.isArray(value))
    return (value as readonly unknown[]).flatMap((element) => {
      const key = keys.find((each) => names(each, element));
      return key === undefined ? [] : [partOf(element, recordOf(fields[key]))];
    });
  const record = recordOf(value);
  return Object.fromEntries(
    keys.flatMap((key) => {
      const name = key.replace(/^f:/, '');
      return name in record ? [[name, partOf(record[name], recordOf(fields[key]))]] : [];
    }),
  );
}

/** Whether a key of a field set means an element of a list. */
function names(key: string, element: unknown): boolean {
  const wanted: unknown = JSON.parse(key.slice(2));
  if (key.startsWith('v:')) return isDeepStrictEqual(wanted, element);
  const record = recordOf(element);
  return Object.entries(recordOf(wanted)).every(([name, value]) => isDeepStrictEqual(record[name], value));
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
/** The pod template of an object that makes pods and keeps them. */
export function podTemplateOf(object: KubeObject): PodTemplate | undefined {
  const workload: Deployment = object;
  return WORKLOAD_KINDS.includes(object.kind) ? workload.spec?.template : undefined;
}
const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'];
