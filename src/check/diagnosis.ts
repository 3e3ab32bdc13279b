import type { VirtualService } from '../release/objects.ts';
import { nameOf } from '../release/objects.ts';
import type { Release } from '../release/release.ts';
import { isPreview, managedRoutes } from '../release/routes.ts';
import { describeEdit, editsOf } from '../release/traffic.ts';
import type { InForce } from '../release/traffic.ts';
import { formatWeights, sameWeights } from '../release/weights.ts';
import type { IngressEvidence } from './evidence.ts';
import { total } from './evidence.ts';

/** A likely cause of a verdict that is not a pass, with its evidence and its remedy. */
export interface Finding {
  readonly title: string;
  readonly detail: string;
}

/**
 * Why the shares are not the weights: the likeliest cause first, each with its evidence. Pure: works on what was read
 * and sampled. Empty where nothing known explains it.
 */
export function diagnose(
  release: Release,
  inForce: readonly InForce[],
  evidence: readonly IngressEvidence[],
): readonly Finding[] {
  const failed = evidence.filter(({ verdict }) => verdict !== 'pass');
  return [
    ...edits(inForce),
    ...otherWeights(inForce, failed),
    ...failed.flatMap(contradictions),
    ...failed.flatMap(staleReplicas),
    ...failed.flatMap((one) => otherRoutes(release, inForce, one)),
    ...stickiness(inForce, failed),
    ...failed.flatMap(errors),
  ];
}

function edits(inForce: readonly InForce[]): readonly Finding[] {
  return editsOf(inForce).map((edit) => ({
    title: `The route in ${edit.cluster} was changed by someone else`,
    detail: `${describeEdit(edit)}. Give it the recorded weights again, or find out who needs the others.`,
  }));
}

/** A cluster whose route holds other weights than those tested, without a record that shows an edit. */
function otherWeights(inForce: readonly InForce[], failed: readonly IngressEvidence[]): readonly Finding[] {
  const edited = editsOf(inForce).map(({ cluster }) => cluster);
  return failed.flatMap(({ cluster, weights: asked }) => {
    const own = inForce.find((one) => one.cluster === cluster);
    if (own?.weights === undefined || edited.includes(cluster) || sameWeights(own.weights, asked)) return [];
    return [
      {
        title: `The route in ${cluster} holds other weights`,
        detail: `It splits ${formatWeights(own.weights)}, and ${formatWeights(asked)} was asked for.`,
      },
    ];
  });
}

function contradictions({ cluster, contradictions: seen }: IngressEvidence): readonly Finding[] {
  return [...seen].map(([pair, count]) => {
    const [header = '', body = ''] = pair.split(' → ');
    return {
      title: `The subset ${header} selects pods of ${body}`,
      detail: `${String(count)} answers through ${cluster} were routed to ${header}, and their body says ${body}. Compare the labels of the subset ${header} with those of the pods, and the image of the pods.`,
    };
  });
}

function staleReplicas({ cluster, stale, requests }: IngressEvidence): readonly Finding[] {
  if (stale.size === 0) return [];
  const revisions = [...stale.keys()].join(', ');
  return [
    {
      title: `A gateway replica in ${cluster} is still on revision ${revisions}`,
      detail: `${String(total(stale))} of ${String(requests)} answers carried it. Look at istioctl proxy-status, and at the logs of the gateway pods.`,
    },
  ];
}

/** Answers that no managed route gave: something ahead of it takes the path. */
function otherRoutes(
  release: Release,
  inForce: readonly InForce[],
  { cluster, unmarked, samples }: IngressEvidence,
): readonly Finding[] {
  const own = inForce.find((one) => one.cluster === cluster) ?? inForce[0];
  if (unmarked === 0 || own?.virtualService === undefined) return [];
  const earlier = earlierRoutes(own.virtualService, release);
  const suspects =
    earlier.length === 0
      ? 'another VirtualService of the same host and gateway'
      : `route ${earlier.join(', ')} ahead of it`;
  return [
    {
      title: `Another route answers in ${cluster}`,
      detail: `${String(unmarked)} of ${String(samples)} samples did not come from the managed route of ${nameOf(own.virtualService)}: ${suspects} takes the path ${release.check.path}.`,
    },
  ];
}

function earlierRoutes(vs: VirtualService, release: Release): readonly string[] {
  const routes = vs.spec.http ?? [];
  const [managed] = managedRoutes(vs, release, release.traffic.routes);
  const index = managed === undefined ? routes.length : routes.indexOf(managed);
  return routes
    .slice(0, index)
    .flatMap((route, i) => (isPreview(route) ? [] : [route.name ?? `http[${String(i)}]`]));
}

function stickiness(inForce: readonly InForce[], failed: readonly IngressEvidence[]): readonly Finding[] {
  if (failed.length === 0) return [];
  return inForce.flatMap(({ cluster, destinationRule }) => {
    if (destinationRule === undefined || !JSON.stringify(destinationRule.spec).includes('"consistentHash"'))
      return [];
    return [
      {
        title: `Consistent hashing is on in ${cluster}`,
        detail: `${nameOf(destinationRule)} sets consistentHash, which ties callers to endpoints. Requests of one caller then do not spread by weight.`,
      },
    ];
  });
}

function errors({ cluster, url, errors: seen, requests }: IngressEvidence): readonly Finding[] {
  if (seen.size === 0) return [];
  const kinds = [...seen]
    .toSorted((a, b) => b[1] - a[1])
    .map(([kind, count]) => `${String(count)} × ${kind}`);
  return [
    {
      title: `Requests fail through ${cluster}`,
      detail: `Of ${String(requests)} requests to ${url}: ${kinds.join(', ')}.`,
    },
  ];
}
