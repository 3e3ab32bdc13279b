import { isOpen, leadsToService } from './leads.ts';
import type { Lead } from './leads.ts';
import { MESH_DEFAULTS } from './mesh-config.ts';
import { nameOf } from './objects.ts';
import { samplesNothing } from './release.ts';
import type { Release } from './release.ts';
import { inSentence } from './routes.ts';
import type { FleetState, Unread } from './state.ts';
import type { InForce } from './traffic.ts';
import { formatWeights } from './weights.ts';

/**
 * What a claim about users does not cover, a sentence each: what could not be looked at, and what leads to the service outside
 * the weights. Empty where every route that leads to the service was seen and has the weights.
 */
export function unseenIn(
  release: Release,
  fleet: FleetState,
  inForce: readonly InForce[],
): readonly string[] {
  return [
    ...unsampledIn(release),
    ...unlistedIn(fleet),
    ...unreadIn(fleet),
    ...leadingOutside(leadsToService(release, fleet, inForce), release),
  ];
}

function unsampledIn(release: Release): readonly string[] {
  return samplesNothing(release)
    ? ['No ingress was sampled (input ingress: none for every cluster), so the split was not verified.']
    : [];
}

function unlistedIn(fleet: FleetState): readonly string[] {
  return (['VirtualService', 'DestinationRule'] as const).flatMap((kind) => {
    const clusters = [...fleet.values()].flatMap(({ name, traffic }) =>
      traffic?.everywhere.unlisted.includes(kind) === true ? [name] : [],
    );
    if (clusters.length === 0) return [];
    return [
      `${kind}s of other namespaces in ${clusters.join(', ')} could not be listed (the user of the kubeconfig may not list them cluster-wide).`,
    ];
  });
}

/** What is assumed in place of what could not be read, a sentence for each. */
function unreadIn(fleet: FleetState): readonly string[] {
  const all = [...fleet.values()].flatMap(({ name, traffic }) =>
    (traffic?.unread ?? []).map((unread) => ({ cluster: name, told: assumedWithout(unread) })),
  );
  return [...Map.groupBy(all, ({ told }) => told('')).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [first.told(same.map(({ cluster }) => cluster).join(', '))];
  });
}

function assumedWithout(unread: Unread): (clusters: string) => string {
  switch (unread.what) {
    case 'mesh config': {
      const { rootNamespace } = MESH_DEFAULTS;
      return (clusters) =>
        `ConfigMap ${unread.name} in ${clusters} could not be read (${unread.why}). Istio's defaults were assumed: DestinationRules of ${rootNamespace} apply to the whole mesh, and objects without exportTo are visible in every namespace.`;
    }
    case 'gateway pods':
      return (clusters) =>
        `The namespace of the gateways in ${clusters} is unknown (the user of the kubeconfig may not ${unread.why}). DestinationRules that apply only there were ignored, and VirtualServices with exportTo were assumed to apply there.`;
  }
}

/** A sentence for each route, whatever the number of clusters. */
function leadingOutside(leads: readonly Lead[], { app }: Release): readonly string[] {
  const told = leads.flatMap((lead) => {
    const does = doesOf(lead, app);
    return does === undefined ? [] : [{ ...lead, does, subject: subjectOf(lead) }];
  });
  return [...Map.groupBy(told, ({ subject, does }) => `${subject} ${does}`).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [`${first.subject} in ${same.map(({ cluster }) => cluster).join(', ')} ${first.does}.`];
  });
}

/** `Route beta of VirtualService gray-demo/shop` */
export function subjectOf({ virtualService: vs, route }: Lead): string {
  const text = `${inSentence(vs, route)} of ${nameOf(vs)}`;
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** What a route does with what it gets; undefined for copies that one version gets, since nobody sees its answers. */
function doesOf(lead: Lead, app: string): string | undefined {
  const { what, destinations, route } = lead;
  if (what === 'copies')
    return isOpen(lead) ? `mirrors requests to every pod of ${app}, whatever the weights` : undefined;
  const requests = `requests${headersOf(route)}`;
  if (isOpen(lead)) return `sends ${requests} to every ready pod of ${app}, whatever the weights`;
  const [first, ...others] = destinations;
  const subset = first?.destination.subset ?? '';
  if (others.length === 0) return `sends ${requests} to ${subset}, outside the weights`;
  const split = new Map(
    destinations.map(({ destination, weight }) => [destination.subset ?? '', weight ?? 0]),
  );
  return `splits ${requests} ${formatWeights(split)}, outside the weights of the release`;
}

/** ` with header x-beta`, where every request that a route takes has to carry it. */
function headersOf({ match }: Lead['route']): string {
  if (!Array.isArray(match)) return '';
  const names = match.map((condition: unknown) =>
    typeof condition === 'object' && condition !== null && 'headers' in condition
      ? Object.keys(condition.headers ?? {}).join(', ')
      : '',
  );
  const known = [...new Set(names)];
  return names.length === 0 || known.includes('') ? '' : ` with header ${known.join(' or ')}`;
}
