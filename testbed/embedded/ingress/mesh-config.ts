import { loadAll } from 'js-yaml';
import type { KubeObject } from '../api/objects.ts';
import { isObject, textAt, type JsonObject } from '../json.ts';
import { GATEWAY_NAMESPACE, MESH_CONFIG } from '../seed.ts';

/** What a mesh configuration says about the traffic objects of all namespaces, with istiod's defaults. */
export interface MeshConfig {
  readonly rootNamespace: string;
  /** Of a VirtualService without `exportTo`. */
  readonly serviceExportTo: ReadonlySet<string>;
  /** Of a DestinationRule without `exportTo`. */
  readonly ruleExportTo: ReadonlySet<string>;
}

/** The configuration in a cluster's ConfigMap. If it is invalid, istiod keeps the last valid one; here the defaults apply. */
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
