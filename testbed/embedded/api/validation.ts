import {
  at,
  isObject,
  numberAt,
  objectAt,
  objectsAt,
  same,
  textAt,
  textsAt,
  type Json,
  type JsonObject,
} from '../json.ts';
import { DEPLOYMENT, LEASE, NAMESPACE, POD, REPLICA_SET, SERVICE, type Kind } from './kinds.ts';
import { matchesLabelSelector } from './selectors.ts';
import type { Cause } from './status.ts';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const TEXTS = {
  label:
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  subdomain:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  labelValue:
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  qualifiedName:
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
} as const;

function wrong(field: string, value: Json | undefined, why: string): Cause {
  const shown = JSON.stringify(value ?? null);
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${shown}: ${why}`, field };
}

function required(field: string, why = ''): Cause {
  return { reason: 'FieldValueRequired', message: `Required value${why === '' ? '' : `: ${why}`}`, field };
}

/** Everything that the API server itself refuses in an object, as causes of a 422. */
export function findCauses(kind: Kind, object: JsonObject, before: JsonObject | undefined): Cause[] {
  return [...metadataCauses(kind, object), ...specCauses(kind, object, before)];
}

function metadataCauses(kind: Kind, object: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const name = textAt(object, 'metadata', 'name') ?? '';
  // Since 1.36 the name of a Service may begin with a digit.
  if (kind === NAMESPACE || kind === SERVICE) {
    if (!DNS_LABEL.test(name) || name.length > 63) causes.push(wrong('metadata.name', name, TEXTS.label));
  } else if (name.length > 253) {
    causes.push(wrong('metadata.name', name, 'must be no more than 253 bytes'));
  } else if (!DNS_SUBDOMAIN.test(name)) {
    causes.push(wrong('metadata.name', name, TEXTS.subdomain));
  }
  causes.push(...labelCauses(object, 'metadata', 'labels'));
  for (const key of Object.keys(objectAt(object, 'metadata', 'annotations'))) {
    if (!isQualifiedName(key.toLowerCase()))
      causes.push(wrong('metadata.annotations', key, TEXTS.qualifiedName));
  }
  return causes;
}

function labelCauses(object: JsonObject, ...path: readonly string[]): Cause[] {
  const field = path.join('.');
  return Object.entries(textsAt(object, ...path)).flatMap(([key, value]) => {
    const causes = isQualifiedName(key) ? [] : [wrong(field, key, TEXTS.qualifiedName)];
    if (value.length > 63) causes.push(wrong(field, value, 'must be no more than 63 bytes'));
    else if (value !== '' && !LABEL_NAME.test(value)) causes.push(wrong(field, value, TEXTS.labelValue));
    return causes;
  });
}

function isQualifiedName(key: string): boolean {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  return (
    parts.length <= 2 &&
    name.length <= 63 &&
    LABEL_NAME.test(name) &&
    (prefix === undefined || (prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix)))
  );
}

function specCauses(kind: Kind, object: JsonObject, before: JsonObject | undefined): Cause[] {
  switch (kind) {
    case DEPLOYMENT:
    case REPLICA_SET:
      return workloadCauses(object, before);
    case POD:
      return before === undefined ? podCauses(objectAt(object, 'spec'), 'spec') : [];
    case SERVICE:
      return serviceCauses(object, before);
    case LEASE: {
      const seconds = numberAt(object, 'spec', 'leaseDurationSeconds');
      return seconds !== undefined && seconds <= 0
        ? [wrong('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
        : [];
    }
    default:
      return [];
  }
}

function workloadCauses(object: JsonObject, before: JsonObject | undefined): Cause[] {
  const causes: Cause[] = [];
  const replicas = numberAt(object, 'spec', 'replicas') ?? 1;
  if (replicas < 0) causes.push(wrong('spec.replicas', replicas, 'must be greater than or equal to 0'));
  const selector = at(object, 'spec', 'selector');
  if (!isObject(selector)) {
    causes.push(required('spec.selector'));
  } else if (Object.keys(selector).length === 0) {
    causes.push(wrong('spec.selector', selector, 'empty selector is invalid for deployment'));
  } else {
    const labels = textsAt(object, 'spec', 'template', 'metadata', 'labels');
    if (!matchesLabelSelector(selector, labels)) {
      causes.push(
        wrong('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
      );
    }
  }
  const oldSelector = at(before, 'spec', 'selector');
  if (before !== undefined && !same(oldSelector, selector)) {
    causes.push(wrong('spec.selector', selector, 'field is immutable'));
  }
  causes.push(...labelCauses(object, 'spec', 'template', 'metadata', 'labels'));
  causes.push(...podCauses(objectAt(object, 'spec', 'template', 'spec'), 'spec.template.spec'));
  return causes;
}

function podCauses(spec: JsonObject, path: string): Cause[] {
  const containers = objectsAt(spec, 'containers');
  if (containers.length === 0) return [required(`${path}.containers`)];
  const names = new Set<string>();
  return containers.flatMap((container, index) => {
    const causes: Cause[] = [];
    const field = `${path}.containers[${String(index)}]`;
    const name = textAt(container, 'name') ?? '';
    if (name === '') causes.push(required(`${field}.name`));
    else if (!DNS_LABEL.test(name)) causes.push(wrong(`${field}.name`, name, TEXTS.label));
    else if (names.has(name)) {
      causes.push({
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: "${name}"`,
        field: `${field}.name`,
      });
    }
    names.add(name);
    if ((textAt(container, 'image') ?? '') === '') causes.push(required(`${field}.image`));
    objectsAt(container, 'ports').forEach((port, portIndex) => {
      const number = numberAt(port, 'containerPort') ?? 0;
      if (!isPort(number)) {
        causes.push(wrong(`${field}.ports[${String(portIndex)}].containerPort`, number, PORT_RANGE));
      }
    });
    return causes;
  });
}

const PORT_RANGE = 'must be between 1 and 65535, inclusive';

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65535;
}

function serviceCauses(object: JsonObject, before: JsonObject | undefined): Cause[] {
  const causes: Cause[] = [];
  const spec = objectAt(object, 'spec');
  const ports = objectsAt(spec, 'ports');
  if (ports.length === 0 && spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName') {
    causes.push(required('spec.ports'));
  }
  ports.forEach((port, index) => {
    const field = `spec.ports[${String(index)}]`;
    const number = numberAt(port, 'port') ?? 0;
    const name = textAt(port, 'name');
    if (ports.length > 1 && (name ?? '') === '') causes.push(required(`${field}.name`));
    else if (name !== undefined && !DNS_LABEL.test(name))
      causes.push(wrong(`${field}.name`, name, TEXTS.label));
    if (!isPort(number)) causes.push(wrong(`${field}.port`, number, PORT_RANGE));
    const target = port['targetPort'];
    if (typeof target === 'number' && !isPort(target))
      causes.push(wrong(`${field}.targetPort`, target, PORT_RANGE));
  });
  const address = textAt(before, 'spec', 'clusterIP');
  if (address !== undefined && spec['clusterIP'] !== address && spec['type'] !== 'ExternalName') {
    causes.push(wrong('spec.clusterIPs[0]', spec['clusterIP'], 'may not change once set'));
  }
  return causes;
}
