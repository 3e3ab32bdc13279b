import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Pod, Service } from '../kubernetes/objects.ts';
import { isReady } from '../kubernetes/pods.ts';

/** The service of a metrics server, and one of its ports: a number, or a name. */
export interface ServicePortName {
  readonly namespace: string;
  readonly name: string;
  readonly port: number | string;
}

/**
 * The first ready pod of a Service, and the number of the port there; or what is wrong, as a sentence without its full stop.
 *
 * @param pods those of the namespace
 */
export function findPod(
  { port }: ServicePortName,
  service: Service,
  pods: readonly Pod[],
): { readonly name: string; readonly port: number } | { readonly problem: string } {
  const { selector, ports = [] } = service.spec ?? {};
  const wanted = ports.find((one) => one.port === port || one.name === port);
  if (wanted === undefined)
    return {
      problem: `${nameOf(service)} has no port ${String(port)}; it has ${ports.map((one) => [one.port, one.name].filter((text) => text !== undefined).join(' ')).join(', ') || 'none'}`,
    };
  if (selector === undefined || Object.keys(selector).length === 0)
    return { problem: `${nameOf(service)} has no selector, so its pods are unknown` };
  const target = wanted.targetPort ?? wanted.port;
  const ready = pods
    .filter((pod) => isReady(pod) && selects(selector, pod.metadata.labels))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const pod of ready) {
    const number = typeof target === 'number' ? target : namedPort(pod, target);
    if (number !== undefined) return { name: pod.metadata.name, port: number };
  }
  return {
    problem:
      ready.length === 0
        ? `${nameOf(service)} has no ready pod`
        : `no ready pod of ${nameOf(service)} has a port named ${String(target)}`,
  };
}

function namedPort({ spec }: Pod, name: string): number | undefined {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
    .flatMap(({ ports = [] }) => ports)
    .find((port) => port.name === name)?.containerPort;
}
