/** A kubeconfig context. */
export type ClusterName = string;

/** The service whose traffic is split. */
export interface ServiceKey {
  readonly app: string;
  readonly namespace: string;
}
