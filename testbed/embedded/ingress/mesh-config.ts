import { loadAll } from 'js-yaml';
import type { KubeObject } from '../api/objects.ts';
import { isObject, textAt, type JsonObject } from '../json.ts';
import { GATEWAY_NAMESPACE, MESH_CONFIG } from '../seed.ts';

/** What the configuration of a mesh says of the traffic objects of all namespaces, with the defaults of istiod. */
export interface MeshConfig {
  readonly rootNamespace: string;
  /** Of a VirtualService without `exportTo`. */
  readonly serviceExportTo: ReadonlySet<string>;
  /** Of a DestinationRule without `exportTo`. */
  readonly ruleExportTo: ReadonlySet<string>;
}

/** The configuration in a cluster's ConfigMap. istiod keeps the last one that it understood; here the defaults stand in. */
export function meshConfigOf(configMaps: readonly KubeObject[]): MeshConfig {
  const found = configMaps.find(
    ({ metadata }) => metadata.name === MESH_CONFIG && metadata.namespace === GATEWAY_NAMESPACE,
  );
  const [read] = loadAll(textAt(found, 'data', 'mesh') ?? '');
  const content: JsonObject = isObject(read) ? read : {};
  const exportTo = (field: string): ReadonlySet<string> => {
    const given = content[field];
    const names = Array.isArray(given) ? given.filter((each) => typeof each === 'string') : [];
    return new Set(names.length === 0 ? ['*'] : names);
  };
  return {
    rootNamespace: textAt(content, 'rootNamespace') ?? GATEWAY_NAMESPACE,
    serviceExportTo: exportTo('defaultVirtualServiceExportTo'),
    ruleExportTo: exportTo('defaultDestinationRuleExportTo'),
  };
}
