import { z } from 'zod';

/**
 * What the configuration of a mesh says of the traffic objects of all namespaces.
 * Source: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig
 */
export interface MeshConfig {
  /** The namespace whose DestinationRules hold for the whole mesh. */
  readonly rootNamespace: string;
  /** The `exportTo` of a VirtualService that has none: `*`, `.` or `~`. */
  readonly virtualServices: readonly string[];
  /** The `exportTo` of a DestinationRule that has none. */
  readonly destinationRules: readonly string[];
}

/** What Istio assumes where the configuration says nothing. */
export const MESH_DEFAULTS: MeshConfig = {
  rootNamespace: 'istio-system',
  virtualServices: ['*'],
  destinationRules: ['*'],
};

/** The namespace of the control plane, which is where Istio keeps the configuration of the mesh. */
export const CONTROL_PLANE = 'istio-system';

/** The name of the ConfigMap that holds it, by the revision of the control plane; undefined: not known. */
export function meshConfigName(revision: string | undefined): string {
  return revision === undefined || revision === '' || revision === 'default' ? 'istio' : `istio-${revision}`;
}

const exports = z.array(z.string()).nullish();
const schema = z
  .object({
    rootNamespace: z.string().nullish(),
    root_namespace: z.string().nullish(),
    defaultVirtualServiceExportTo: exports,
    default_virtual_service_export_to: exports,
    defaultDestinationRuleExportTo: exports,
    default_destination_rule_export_to: exports,
  })
  .nullish();

/**
 * @param content the key `mesh` of the ConfigMap, as parsed; Istio takes both spellings of a field
 * @returns undefined where it is not understood
 */
export function parseMeshConfig(content: unknown): MeshConfig | undefined {
  const { success, data } = schema.safeParse(content);
  if (!success) return undefined;
  const or = (given: readonly string[] | null | undefined, usual: readonly string[]): readonly string[] =>
    given === null || given === undefined || given.length === 0 ? usual : given;
  const root = data?.rootNamespace ?? data?.root_namespace ?? '';
  return {
    rootNamespace: root === '' ? MESH_DEFAULTS.rootNamespace : root,
    virtualServices: or(
      data?.defaultVirtualServiceExportTo ?? data?.default_virtual_service_export_to,
      MESH_DEFAULTS.virtualServices,
    ),
    destinationRules: or(
      data?.defaultDestinationRuleExportTo ?? data?.default_destination_rule_export_to,
      MESH_DEFAULTS.destinationRules,
    ),
  };
}

/** Whether a DestinationRule without `exportTo` holds in its own namespace alone: of its values Istio follows `*` and `.` only. */
export function keepsRulesPrivate({ destinationRules }: MeshConfig): boolean {
  return destinationRules.includes('.');
}
