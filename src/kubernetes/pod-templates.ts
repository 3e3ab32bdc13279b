import { isDeepStrictEqual } from 'node:util';
import type { Deployment, KubeObject, PodTemplate } from './objects.ts';
import { FIELD_MANAGER } from './field-managers.ts';

type Fields = Readonly<Record<string, unknown>>;

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

/** The part of an object that the action declares. */
function declaredOf(object: KubeObject): Fields {
  const entry = (object.metadata.managedFields ?? []).find(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === 'Apply' && subresource === undefined,
  );
  return entry?.fieldsV1 === undefined ? {} : recordOf(partOf(object, entry.fieldsV1));
}

/** The part of a value that a field set covers: `f:NAME` fields, `k:{…}` list elements by key, `v:…` by value, and all of a leaf. */
function partOf(value: unknown, fields: Fields): unknown {
  const keys = Object.keys(fields).filter((key) => key !== '.');
  if (keys.length === 0) return value;
  if (Array.isArray(value))
    return (value as readonly unknown[]).flatMap((element) => {
      const key = keys.find((each) => identifies(each, element));
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

/** Whether a key of a field set identifies a list element. */
function identifies(key: string, element: unknown): boolean {
  const wanted: unknown = JSON.parse(key.slice(2));
  if (key.startsWith('v:')) return isDeepStrictEqual(wanted, element);
  const record = recordOf(element);
  return Object.entries(recordOf(wanted)).every(([name, value]) => isDeepStrictEqual(record[name], value));
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
/** The pod template of a Deployment, StatefulSet or DaemonSet. */
export function podTemplateOf(object: KubeObject): PodTemplate | undefined {
  const workload: Deployment = object;
  return WORKLOAD_KINDS.includes(object.kind) ? workload.spec?.template : undefined;
}
const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'];
