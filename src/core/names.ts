/** A kubeconfig context. */
export type ClusterName = string;
