import { isObject, type Json, type JsonObject } from '../json.ts';
import { displayPath, itemElement } from './fieldset.ts';
import { groupVersion, type Kind } from './kinds.ts';
import { topologyOf } from './schema.ts';
import { badRequest, StatusError } from './status.ts';

type Scalar = 'numeric' | 'boolean' | 'string';

interface Mismatch {
  /** In the notation of `displayPath`. */
  readonly path: string;
  /** Field names only. */
  readonly fields: readonly string[];
  readonly expected: Scalar;
  readonly value: Json;
}

/** The fields of the built-in kinds that hold a number, wherever they occur. */
const NUMERIC = new Set(
  `replicas minReadySeconds revisionHistoryLimit progressDeadlineSeconds containerPort hostPort nodePort
  terminationGracePeriodSeconds activeDeadlineSeconds initialDelaySeconds timeoutSeconds periodSeconds successThreshold
  failureThreshold priority runAsUser runAsGroup fsGroup defaultMode healthCheckNodePort maxSkew minDomains
  expirationSeconds tolerationSeconds leaseDurationSeconds leaseTransitions`.split(/\s+/),
);
const BOOLEAN = new Set(
  `paused hostNetwork hostPID hostIPC hostUsers shareProcessNamespace automountServiceAccountToken enableServiceLinks
  setHostnameAsFQDN readOnly privileged allowPrivilegeEscalation readOnlyRootFilesystem runAsNonRoot stdin stdinOnce tty
  optional publishNotReadyAddresses allocateLoadBalancerNodePorts immutable`.split(/\s+/),
);
const STRING = new Set(
  `name image imagePullPolicy serviceAccountName protocol schedulerName restartPolicy clusterIP externalTrafficPolicy
  sessionAffinity mountPath workingDir holderIdentity`.split(/\s+/),
);
/** Objects whose values are all text. */
const TEXTS = new Set(['labels', 'annotations', 'matchLabels', 'nodeSelector', 'data', 'args', 'command']);

function expectedAt(fields: readonly string[]): Scalar | undefined {
  const name = fields.at(-1) ?? '';
  const parent = fields.at(-2) ?? '';
  if (TEXTS.has(name) || TEXTS.has(parent)) return 'string';
  if (name === 'value' && parent === 'env') return 'string';
  if (name === 'port' && parent === 'ports') return 'numeric';
  if (parent === 'selector' && fields.length === 3) return 'string';
  if (NUMERIC.has(name)) return 'numeric';
  if (BOOLEAN.has(name)) return 'boolean';
  return STRING.has(name) ? 'string' : undefined;
}

const TYPES: Readonly<Record<Scalar, string>> = { numeric: 'number', boolean: 'boolean', string: 'string' };

function mismatches(kind: Kind, object: JsonObject): Mismatch[] {
  const found: Mismatch[] = [];
  const visit = (value: Json | undefined, fields: readonly string[], path: string): void => {
    if (value === null || value === undefined || fields[0] === 'status') return;
    if (Array.isArray(value)) {
      const topology = topologyOf(kind, fields, true);
      for (const [index, item] of value.entries()) {
        const element =
          typeof topology === 'object' && isObject(item)
            ? displayPath(itemElement(item, topology.keys))
            : `[${String(index)}]`;
        visit(item, fields, path + element);
      }
    } else if (isObject(value)) {
      for (const [field, child] of Object.entries(value))
        visit(child, [...fields, field], `${path}.${field}`);
    } else {
      const expected = expectedAt(fields);
      if (expected !== undefined && typeof value !== TYPES[expected])
        found.push({ path, fields, expected, value });
    }
  };
  visit(object, [], '');
  return found;
}

/**
 * Refuses an applied configuration with a value of another type than its field has, in the words of structured-merge-diff.
 *
 * @throws StatusError 500, as the real server answers
 */
export function checkApplicable(
  kind: Kind,
  object: JsonObject,
  namespace: string | undefined,
  name: string,
): void {
  if (kind.custom) return;
  const texts = mismatches(kind, object).map(({ path, expected, value }) => {
    switch (expected) {
      case 'numeric':
        return `${path}: expected numeric (int or float), got ${goType(value)}`;
      case 'boolean':
        return `${path}: expected boolean, got &{${written(value)}}`;
      case 'string':
        return `${path}: expected string, got &value.valueUnstructured{Value:${written(value)}}`;
    }
  });
  if (texts.length === 0) return;
  const list =
    texts.length === 1 ? texts.join('') : ['errors:', ...texts.map((text) => `  ${text}`)].join('\n');
  const place = `${namespace ?? ''}/${name}; ${groupVersion(kind)}, Kind=${kind.kind}`;
  throw new StatusError(500, '', `failed to create typed patch object (${place}): ${list}`);
}

/**
 * Refuses any other write of such a value, in the words of Go's JSON decoder.
 *
 * @throws StatusError 400
 */
export function checkTypes(kind: Kind, object: JsonObject): void {
  if (kind.custom) return;
  const [first] = mismatches(kind, object);
  if (first === undefined) return;
  const { fields, expected, value } = first;
  const struct = `${kind.kind}${fields.length === 2 ? 'Spec' : ''}`;
  const wanted = expected === 'numeric' ? 'int32' : expected === 'boolean' ? 'bool' : 'string';
  throw badRequest(
    `${kind.kind} in version "${kind.versions[0]}" cannot be handled as a ${kind.kind}: json: cannot unmarshal ` +
      `${typeof value === 'boolean' ? 'bool' : typeof value} into Go struct field ${struct}.${fields.join('.')} of type ${wanted}`,
  );
}

/** A scalar as Go prints it. */
function written(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function goType(value: Json): string {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'int64';
}
