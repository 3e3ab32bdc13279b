import { CanaryError } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Container, Deployment, PodSpec } from '../kubernetes/objects.ts';
import { SIDECAR } from '../kubernetes/pods.ts';

/** The pods of a workload with an image in the containers that it is meant for. */
export function withImage(workload: Deployment, app: string, image: string, source: string): PodSpec {
  const spec = workload.spec?.template?.spec ?? {};
  const chosen = containersFor(workload, app, image, source);
  const patched = (all: readonly Container[], meant: readonly Container[]): readonly Container[] =>
    all.map((container) => (meant.includes(container) ? { ...container, image } : container));
  return {
    ...spec,
    ...(spec.containers && { containers: patched(spec.containers, chosen.containers) }),
    ...(spec.initContainers && { initContainers: patched(spec.initContainers, chosen.initContainers) }),
  };
}
/**
 * The containers of a workload that an image is meant for: all of the same repository, such as a web server, its worker and
 * the migrations ahead of them; else the one named after the app, else the only one.
 *
 * @throws CanaryError where none of these tells it
 */
export function containersFor(
  workload: Deployment,
  app: string,
  image: string,
  source?: string,
): { readonly containers: readonly Container[]; readonly initContainers: readonly Container[] } {
  const { containers: all = [], initContainers: initial = [] } = workload.spec?.template?.spec ?? {};
  const containers = all.filter(({ name }) => name !== SIDECAR);
  const isSame = (container: Container): boolean =>
    container.name !== SIDECAR && repositoryOf(container.image ?? '') === repositoryOf(image);
  const initContainers = initial.filter(isSame);
  const same = containers.filter(isSame);
  if (same.length > 0) return { containers: same, initContainers };
  const chosen =
    containers.find(({ name }) => name === app) ?? (containers.length === 1 ? containers[0] : undefined);
  if (chosen !== undefined) return { containers: [chosen], initContainers };
  const names =
    containers.map(({ name, image: its }) => `${name} (${its ?? 'no image'})`).join(', ') || 'none';
  throw new CanaryError(
    `${nameOf(workload)}${source === undefined ? '' : ` (${source})`}: which container gets image ${image}? Its containers are ${names}; name one of them ${app}.`,
  );
}
/**
 * The repository of an image reference, without tag and digest; a colon before a slash belongs to the registry's port.
 * Source: https://pkg.go.dev/github.com/distribution/reference
 */
export function repositoryOf(image: string): string {
  const [name = ''] = image.split('@');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
