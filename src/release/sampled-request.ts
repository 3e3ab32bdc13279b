import type { RoutedRequest } from '../istio/route-matching.ts';
import type { VirtualService } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';

/** What the sampler asks for, through these entrances. */

export function sampledRequest({ check }: Release, entrances: readonly VirtualService[]): RoutedRequest {
  const { path, headers, host } = check;
  const concrete = entrances.flatMap(({ spec }) => spec.hosts ?? []).find((name) => !name.includes('*'));
  return { method: 'GET', path, headers, host: host ?? concrete };
}
