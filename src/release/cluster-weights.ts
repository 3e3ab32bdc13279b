import { CanaryError, OpenChoiceError, messageOf } from '../core/errors.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Message } from '../texts/message.ts';
import type { Texts } from '../texts/catalogue.ts';
import { groupedHoldings } from '../texts/holdings.ts';
import { inEnglish, say } from '../texts/texts.ts';
import type { Release } from './release.ts';
import type { ClusterName } from '../core/names.ts';
import { anyRoutesOf, namedRoutes } from './release-routes.ts';
import type { FleetState } from './state.ts';
import { describePlace, readRouteStates, routesDiffer } from './route-state.ts';
import type { RouteState } from './route-state.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import type { Holding } from '../texts/catalogue/headline.ts';

/** What one VirtualService of the release holds in one config cluster, as it was last observed. */
export interface ClusterWeights {
  readonly cluster: ClusterName;
  /** `east`; with the name of the VirtualService where the cluster has several: `east (inner)`. */
  readonly place: string;
  /**
   * `weights`: one set of them. `nothing`: no route to the service yet. `unsplit`: a route to the service as a whole, without
   * versions. `joining`: such a route beside others that hold weights, which it gets with the next change. `open`: routes that differ, and the inputs leave open which are meant. `unclear`: the routes meant differ, or it
   * could not be read.
   */
  readonly kind: 'weights' | 'nothing' | 'unsplit' | 'joining' | 'open' | 'unclear';
  /** undefined for any other kind than `weights` */
  readonly weights: Weights | undefined;
  /** `v1=80,v2=20`, or what is there instead, within a sentence. */
  readonly text: Message;
}

/**
 * What every config cluster holds, one entry for each VirtualService of the release. A cluster whose routes do not give one set
 * of weights is no error here: the entry says what they hold.
 *
 * @param failures why clusters could not be read
 */
export function readClusterWeights(
  release: Release,
  fleet: FleetState,
  failures: ReadonlyMap<ClusterName, unknown> = new Map(),
): readonly ClusterWeights[] {
  return release.configClusters.flatMap((cluster): readonly ClusterWeights[] => {
    if (failures.has(cluster)) return [unreadable(cluster, failures.get(cluster))];
    const found = routesOrWhyNot(release, fleet, cluster);
    return found instanceof CanaryError ? unclearIn(release, fleet, cluster, found) : clusterWeights(found);
  });
}

/** The routes of one config cluster, or why they are not clear. */
export function routesOrWhyNot(
  release: Release,
  fleet: FleetState,
  cluster: ClusterName,
): readonly RouteState[] | CanaryError {
  try {
    return readRouteStates(release, fleet, { clusters: [cluster] });
  } catch (error) {
    if (error instanceof CanaryError) return error;
    throw error;
  }
}

/** The same of what has been read already. */
export function clusterWeights(routes: readonly RouteState[]): readonly ClusterWeights[] {
  return routes.map((one) => {
    const { cluster, object, api, choice, weights, accord } = one;
    const place = describePlace(one, routes);
    if (object !== undefined && accord !== 'same') {
      const kind = accord === 'joining' ? accord : 'unclear';
      return withoutWeights(cluster, place, kind, routesDiffer(object, api, choice));
    }
    if (weights !== undefined) return withClusterWeights(cluster, place, weights);
    if (object === undefined)
      return withoutWeights(cluster, place, 'nothing', { kind: 'noObject', object: api.kind });
    return api.weightsByRoute(object, choice).length === 0
      ? withoutWeights(cluster, place, 'nothing', { kind: 'noRouteTo', app: choice.service.app })
      : withoutWeights(cluster, place, 'unsplit', { kind: 'routeWithoutVersion' });
  });
}

function unreadable(cluster: ClusterName, error: unknown): ClusterWeights {
  return withoutWeights(cluster, cluster, 'unclear', { kind: 'unknownWeights', error: messageOf(error) });
}

/** The entries once these weights were written everywhere. */
export function allHolding(held: readonly ClusterWeights[], weights: Weights): readonly ClusterWeights[] {
  return held.map(({ cluster, place }) => withClusterWeights(cluster, place, weights));
}

function withClusterWeights(cluster: ClusterName, place: string, weights: Weights): ClusterWeights {
  return { cluster, place, kind: 'weights', weights, text: { kind: 'heldWeights', weights } };
}

function withoutWeights(
  cluster: ClusterName,
  place: string,
  kind: Exclude<ClusterWeights['kind'], 'weights'>,
  text: Message,
): ClusterWeights {
  return { cluster, place, kind, weights: undefined, text };
}

/** The one set of weights that all of them hold; undefined where they hold different ones, or some hold none. */
export function agreedWeights(held: readonly ClusterWeights[]): Weights | undefined {
  const [first] = held;
  const weights = first?.weights;
  if (weights === undefined) return undefined;
  return held.every((one) => one.weights !== undefined && sameWeights(one.weights, weights))
    ? weights
    : undefined;
}

/** The weights of all that hold any: a cluster that joins the release holds nothing yet. undefined if they differ. */
export function weightsOfMembers(held: readonly ClusterWeights[]): Weights | undefined {
  return agreedWeights(held.filter(({ kind }) => kind !== 'nothing'));
}

/** Whether all hold the same weights; undefined where nothing was read, none holds any, or all leave open which are meant. */
export function clustersAgree(held: readonly ClusterWeights[]): boolean | undefined {
  if (hasNone(held) || isOpenChoice(held)) return undefined;
  return agreedWeights(held) !== undefined;
}

function hasNone(held: readonly ClusterWeights[]): boolean {
  return held.every(({ kind }) => kind === 'nothing' || kind === 'unsplit');
}

/** Whether all clusters hold the same, and only the inputs leave open which of the routes are meant. */
export function isOpenChoice(held: readonly ClusterWeights[]): boolean {
  return (
    held.length > 0 &&
    held.every(({ kind, text }) => kind === 'open' && isDeepStrictEqual(text, held[0]?.text))
  );
}

/**
 * Whether the weights depend on the cluster. A cluster with no route yet, or a route without versions beside others, is no
 * contradiction where the others agree: it may be about to join the release. What a cluster holds that could not be read is not known to differ.
 */
export function clustersDisagree(held: readonly ClusterWeights[]): boolean {
  return (
    clustersAgree(held.filter((one) => !['nothing', 'joining'].includes(one.kind) && !isUnknown(one))) ===
    false
  );
}

/** Whether what a cluster holds could not be read, or its routes are not those that the inputs name; the text says why. */
export function isUnknown({ kind, text }: ClusterWeights): boolean {
  return kind === 'unclear' && text.kind === 'unknownWeights';
}

/** The weights that all hold, `no weights`, or who holds what. */
export function formatClusterWeights(held: readonly ClusterWeights[]): string {
  const weights = agreedWeights(held);
  if (weights !== undefined) return formatWeights(weights);
  return hasNone(held) ? 'no weights' : describeClusterWeights(held);
}

/** That no one set of weights is in force, and what is there instead, in a sentence. */
export function describeDisagreement(held: readonly ClusterWeights[]): string {
  return `${titleOfDisagreement(held)}: ${describeClusterWeights(held)}.`;
}

/** `The clusters hold different weights`; not so where the weights of none can be told. */
function titleOfDisagreement(held: readonly ClusterWeights[]): string {
  return holdsNoWeights(held) ? 'No cluster holds one set of weights' : 'The clusters hold different weights';
}

/**
 * What brings clusters to the same weights: the input `routes` where it is open which routes are meant; a rollout where a cluster has no
 * route yet, or one that names no version; else a rollback, which replaces whatever the routes hold.
 */
export function alignmentOf(held: readonly ClusterWeights[]): 'routes' | 'rollout' | 'rollback' {
  const kinds = new Set(held.map(({ kind }) => kind));
  if (kinds.has('open')) return 'routes';
  const isNew = (['nothing', 'unsplit', 'joining'] as const).some((kind) => kinds.has(kind));
  return isNew ? 'rollout' : 'rollback';
}

/** Whether not even one place holds a set of weights. */
export function holdsNoWeights(held: readonly ClusterWeights[]): boolean {
  return held.every(({ kind }) => kind !== 'weights');
}

/** Who holds what, in words: what the fewest places hold comes first. */
export function holdingsOf(held: readonly ClusterWeights[], texts: Texts): readonly Holding[] {
  return groupedHoldings(held.map(({ place, text }) => ({ place, what: say(text, texts) })));
}

/** `east holds v1=80,v2=20; west holds no VirtualService`; of many: `east holds v1=50,v2=50; the 9 others hold v1=80,v2=20` */
export function describeClusterWeights(held: readonly ClusterWeights[]): string {
  return inEnglish(heldByEach(held));
}

/** The same within a sentence of any language. */
export function heldByEach(held: readonly ClusterWeights[]): Message {
  return { kind: 'heldByEach', held: held.map(({ place, text }) => ({ place, what: text })) };
}

/** A cluster whose routes were refused: what each of them holds, where they can be distinguished. */
function unclearIn(
  release: Release,
  fleet: FleetState,
  cluster: ClusterName,
  error: CanaryError,
): readonly ClusterWeights[] {
  const { api, choice } = anyRoutesOf(release, fleet);
  const found = namedRoutes(release, fleet, cluster);
  const routes = found.flatMap((object) =>
    api.weightsByRoute(object, choice).map(({ route, weights }) => ({
      object: found.length > 1 ? object.metadata.name : undefined,
      route,
      weights,
    })),
  );
  if (routes.length === 0)
    return [withoutWeights(cluster, cluster, 'unclear', { kind: 'unknownWeights', error: error.message })];
  const common = routes[0]?.weights;
  if (common !== undefined && routes.every(({ weights }) => isSame(weights, common)))
    return [withClusterWeights(cluster, cluster, common)];
  const kind = error instanceof OpenChoiceError ? 'open' : 'unclear';
  return [withoutWeights(cluster, cluster, kind, { kind: 'weightsByRoute', routes })];
}

function isSame(a: Weights | undefined, b: Weights): boolean {
  return a !== undefined && sameWeights(a, b);
}
