import { formatWeights } from '../../core/weights.ts';
import { inputLabel, theInput, theInputs } from '../../core/wording.ts';
import { formatCount } from '../../core/plural.ts';
import type {
  BalancingSetting,
  ClusterShare,
  ConditionPlace,
  Editor,
  ElsewhereService,
  FindingMessages,
  OverlapPods,
  RevisionAndWeights,
  SettingPlace,
} from '../catalogue/findings.ts';
import type { ListenerName, MergedWith, StraySeen } from '../catalogue/rival-findings.ts';
import type { VersionWay } from '../catalogue/routes.ts';
import type { MessageTexts } from '../message.ts';
import { failures } from './failures.ts';
import { formats } from './formats.ts';
import { listenerOf, routes } from './routes.ts';

export const findings: MessageTexts<FindingMessages> = {
  editedTitle: ({ cluster }) => `The route in ${cluster} was changed by someone else`,
  edited: ({ edit }, say) =>
    `${say(edit)}. Restore the recorded weights (operation rollback, with ${theInput('weights')} set to them), or find out who needs the others.`,
  weightEdit: ({ object, cluster, found, recorded, by }) =>
    `${object} in ${cluster} holds ${found === undefined ? 'no weights' : formatWeights(found)} instead of the ${formatWeights(recorded)} that the last release step wrote${by === undefined ? '' : ` (last written by ${editor(by)})`}`,
  disagreementTitle: () => 'The clusters hold different weights',
  disagreement: ({ held }, say) =>
    `${say(held)}. To align them, run the operation rollback, with ${theInput('weights')} set to those that all should hold.`,
  otherWeightsTitle: ({ clusters }) =>
    clusters.length === 1
      ? `The route in ${clusters.join('')} holds other weights`
      : `The routes in ${formats.all(clusters)} hold other weights`,
  otherWeights: ({ held, asked }) =>
    `${formatWeights(held)} is set, but ${formatWeights(asked)} was expected. To check the weights that are set, omit ${theInput('weights')}; to set the others, run the operation rollout.`,

  staleTitle: ({ cluster, pods, revisions }) => {
    const who = pods.length === 0 ? 'A gateway replica' : pods.map((pod) => `Gateway pod ${pod}`).join(', ');
    return `${who} in ${cluster} is still on revision ${revisions.join(', ')}`;
  },
  stale: ({ responses, requests }) =>
    `${formatCount(responses)} of ${formatCount(requests)} responses carried it. Check istioctl proxy-status, and the logs of the gateway pods.`,
  newerTitle: ({ cluster }) => `Another run changed the release in ${cluster} during the check`,
  newer: ({ responses, requests, revisions, latest }) =>
    `${formatCount(responses)} of ${formatCount(requests)} responses carried revision ${revisions.join(', ')}, but ${latest} was the latest when the check began. Wait for that run to finish, then verify again.`,

  takesRequestsTitle: ({ object, cluster, certain }) =>
    `${object} ${certain ? 'takes' : 'may take'} requests in ${cluster}`,
  rivalRoute: ({ hosts, gateway, merged, managed, created, route, path, seen, narrower, exportTo }) => {
    const as =
      merged === undefined ? `as ${managed} does` : `which Istio merges with Gateway ${merged} of ${managed}`;
    const order = narrower
      ? 'Istio prefers the narrower host'
      : merged === undefined
        ? 'Istio puts the routes of both in one list, older ones first'
        : OLDER_GATEWAY;
    const doubt =
      exportTo === undefined
        ? ''
        : ` It is exported to ${exportTo.join(', ')} only, and the namespaces of the gateway's pods are unknown: first check whether they run there.`;
    return `It binds ${hosts.join(', ')} and Gateway ${gateway}, ${as}${createdAt(created)}, and its route ${route} matches the path ${path}: ${strays(seen)}. ${order}.${doubt} Narrow its match or its hosts, or remove it.`;
  },
  rivalVirtualService: ({ hosts, gateway, listener, created, route, path, seen, narrower, certain }) => {
    const order = narrower ? 'Istio prefers the narrower host' : OLDER_GATEWAY;
    const doubt = certain ? '' : UNKNOWN_PODS;
    return `It binds ${hosts.join(', ')} and Gateway ${gateway}, which Istio merges with ${listenerOf(listener)}${createdAt(created)}, and its route ${route} matches the path ${path}: ${strays(seen)}. ${order}.${doubt} Narrow its match or its hosts, or remove it.`;
  },
  earlierRouteTitle: ({ cluster }) => `An earlier route takes requests in ${cluster}`,
  earlierRoute: ({ routes: ahead, path, seen }) =>
    `${ahead.map(({ route, object }) => `Route ${route} of ${object}`).join(', ')} precedes the managed route and matches the path ${path}: ${strays(seen)}. Move it after the managed route, or narrow its match.`,
  anotherRouteTitle: ({ cluster }) => `Another route answers in ${cluster}`,
  anotherRoute: ({ seen, namespace }) =>
    `${strays(seen)}; ${
      namespace === undefined
        ? 'no VirtualService in any namespace explains it. Check istioctl proxy-config routes of the gateway'
        : `none in namespace ${namespace} explains it, and those in other namespaces could not be read. Look there for one with the same host and gateway, or allow the user of the kubeconfig to list VirtualServices in all namespaces`
    }.`,
  rivalRule: ({ rule, created, path, managed, app, listener, merged, grpc, seen }) =>
    `Its ${routes.part(rule).replace(/^the /, '')}${createdAt(created)} takes the path ${path} before ${managed} does${placeOf(listener, merged)}${app === undefined ? '' : `, and does not lead to ${app}`}: ${strays(seen)}.${grpc ? ' Istio gives a GRPCRoute every HTTP request that it matches.' : ''} ${merged === undefined ? 'A gateway prefers the more specific hostname, path, method, headers and query, then the older route' : `Istio prefers the more specific hostname. ${OLDER_GATEWAY}`}.${doubtOf(merged)} Narrow its matches or hostnames, or remove it.`,
  rivalHostname: ({ hostnames, created, path, managed, listener, merged, grpc, seen }) =>
    `Its hostnames ${hostnames.join(', ')}${createdAt(created)} are narrower than those of ${managed}${placeOf(listener, merged)}, and no rule for them takes the path ${path}: the gateway answers such requests with status 404, and ${strays(seen)}.${grpc ? ' Istio treats the hostnames of a GRPCRoute in the same way.' : ''}${doubtOf(merged)} Give the two routes the same hostnames, or remove the narrower one.`,
  rivalHost: ({ hosts, created, path, managed, seen, certain }) =>
    `Its hosts ${hosts.join(', ')}${createdAt(created)} are narrower than those of ${managed}, and no route for them takes the path ${path}: the gateway answers such requests with status 404, and ${strays(seen)}.${certain ? '' : UNKNOWN_PODS} Give it a route for the path, or remove the narrower host.`,

  noSubsetTitle: ({ rules, version, cluster }) =>
    rules.length === 0
      ? `There is no DestinationRule with the subset ${version} in ${cluster}`
      : `${rules.join(' and ')} has no subset ${version} in ${cluster}`,
  noSubset: ({ version, weight }) =>
    `The route gives ${version} ${String(weight)}%, but requests to a subset that does not exist are answered with 503. Run the operation rollout: it creates the subset again, or names the rule that hides it.`,
  wrongPodsTitle: ({ way, body }) =>
    `${'subset' in way ? `The ${routes.way(way)}` : routes.way(way)} selects pods of ${body}`,
  wrongPods: ({ responses, cluster, header, body, way, labels }) =>
    `${formatCount(responses)} responses through ${cluster} were routed to ${header}, but their body names ${body}. Compare the ${'subset' in way ? `labels of the ${routes.way(way)}` : `selector of ${routes.way(way)}`}${labels === undefined ? '' : ` (${labels})`} with ${'subset' in way ? 'those' : 'the labels'} of the pods, and check the image of the pods.`,
  overlapTitle: ({ ways }) => `The ${kindOf(ways)} ${ways.map(bare).join(' and ')} select the same pods`,
  overlap: ({ versions: [a, b], ways, labels, pods, certain, rule, wide }) => {
    const [first, ...others] = pods;
    const who = `${first === undefined ? '' : podsIn(first)}${others.length === 0 ? '' : ` and ${formatCount(others.length)} more`}`;
    const where = rule.name === undefined ? rule.cluster : `${rule.name} in ${rule.cluster}`;
    const selected = `${a} selects ${labels[0]}, ${b} selects ${labels[1]} (${where})`;
    const kind = kindOf(ways);
    if (!certain)
      return `Whether the ${kind} of both ${a} and ${b} select ${who} cannot be known: ${selected}, and a label of these is set by Istio from what cannot be read here. Add a pod label to ${kind === 'subsets' ? 'the subsets' : 'their selectors'} that tells the versions apart.`;
    const wideWay = routes.way(ways[wide === a ? 0 : 1]);
    return `The ${kind} of both ${a} and ${b} select ${who}: ${selected}. Requests for one version would be answered by pods of the other, whatever the weights. Give ${kind === 'subsets' ? `the ${wideWay}` : `the selector of ${wideWay}`} a label that only the pods of ${wide} carry, once they carry it.`;
  },
  notReadyTitle: ({ version }) => `No pod of ${version} is ready`,
  notReady: ({ version, weight, rule, service, labels, clusters, pods }) =>
    `The route gives it ${String(weight)}%. ${service ?? `Its subset in ${ruleName(rule)}`} selects ${labels}: ${pods.length === 0 ? `no pod in ${clusters.join(', ')} has these labels` : `${firstOf(pods)} ${pods.length === 1 ? 'is' : 'are'} not ready`}. Check the pods of ${version}, or correct these labels.`,
  noReadyPod: ({ version, weight, rule, labels, clusters }) =>
    `The route gives ${version} ${String(weight)}%. Its subset in ${ruleName(rule)} selects ${labels}, and no ready pod in ${clusters.join(', ')} has these labels. Check the pods of ${version}, or correct these labels.`,
  noSidecarTitle: ({ version }) => `Pods of ${version} have no sidecar`,
  noSidecar: ({ rules, pods, outsideMesh }) =>
    `${rules.join(' and ')} requires mutual TLS (ISTIO_MUTUAL), but ${firstOf(pods)} ${pods.length === 1 ? 'has' : 'have'} no container istio-proxy to terminate it. ${outsideMesh ? `Take that out of the rule: ${theInput('pods')} is none.` : `Enable injection for the namespace (${inputLabel('injection')}), and restart the pods.`}`,

  conditionTitle: ({ condition, object, cluster }) =>
    `${condition} is not true of ${object ?? 'the Gateway'} in ${cluster}`,
  conditionFalse: ({ at, condition, reason = 'no reason', message = 'no message' }) =>
    `${place(at)} is not ${CONDITIONS[condition]}: ${reason} (${message})`,
  conditionUnreported: ({ at, condition }) => `${place(at)}: no controller has reported ${condition}`,
  conditionOutdated: ({ at, condition, generation }) =>
    `${place(at)}: ${condition} is reported for an earlier generation than ${String(generation)}`,
  unweightedTitle: ({ rule, cluster }) => `All backends of ${routes.part(rule)} in ${cluster} have weight 0`,
  unweighted: ({ object, operation }) =>
    `${object} sends its requests nowhere, and the gateway answers them with status 500. Run the operation ${operation} with ${theInput('weights')}.`,
  serviceMissingTitle: ({ service, clusters }) => `${service} is missing in ${clusters.join(', ')}`,
  serviceMissing: ({ version, shares, elsewhere, configured }) => {
    const effects: Readonly<Record<ElsewhereService, string>> = {
      missing: `these requests get status 500 from the gateway, which still marks them with ${version}`,
      unready: 'no other cluster has a ready pod behind it, so these requests get status 503',
      answers: `the other clusters still answer for it, but its pods there get no requests${configured ? ', and ResolvedRefs is False where it is missing' : ''}`,
      unknown: 'whether another cluster answers for it is not known, since not all Services could be listed',
    };
    return `The HTTPRoute gives ${version} ${sharesOf(shares)}: ${effects[elsewhere]}. Run the operation rollout: it creates the Service again.`;
  },
  foreignPodsTitle: ({ service, labels }) => `${service} selects pods of ${labels.join(', ')}`,
  foreignPods: ({ clusters, selector, label, version, service }) =>
    `In ${clusters.join(', ')} its selector is ${selector}, so pods with the label ${label} answer requests for ${version}. Correct the selector of ${service}, so that it selects the pods of ${version} alone.`,
  serviceNotReady: ({ version, shares, service, selected, pods: [first, ...others] }) => {
    const what = selected.map(
      ({ labels, clusters }) => `${labels === '' ? 'nothing' : labels} in ${clusters.join(', ')}`,
    );
    const why =
      first === undefined
        ? 'no pod there has these labels'
        : `${first}${others.length === 0 ? ' is' : ` and ${formatCount(others.length)} more are`} not ready`;
    return `The HTTPRoute gives ${version} ${sharesOf(shares)}. ${service} selects ${what.join('; ')}: ${why}. Check the pods of ${version}, or correct the selector of the Service.`;
  },

  settingTitle: ({ setting, cluster }) => `${SETTINGS[setting].title} in ${cluster}`,
  setting: ({ setting, places }) =>
    `${places.map(placeOfSetting).join(', ')} sets ${setting}. ${SETTINGS[setting].effect}.`,

  requestsFailTitle: ({ cluster }) => `Requests fail through ${cluster}`,
  requestsFail: ({ requests, url, kinds, notFound, unreached }) => {
    const advice =
      notFound === undefined
        ? ''
        : ` Status 404: does the app serve the path ${notFound.path} (${inputLabel('path')}), and does the Gateway serve ${notFound.host === undefined ? 'this host' : `the host ${notFound.host}`} (${inputLabel('host')})?`;
    const way = unreached === undefined ? '' : ` ${failures.portForward(unreached)}`;
    return `Of ${formatCount(requests)} requests to ${url}: ${failures.kinds(kinds)}.${advice}${way}`;
  },

  lookalikeTitle: ({ cluster }) => `Another app may have answered in ${cluster}`,
  lookalike: ({ route, object, path, app, revision }) => {
    const name = routes.part(route);
    return `${name.slice(0, 1).toUpperCase()}${name.slice(1)} of ${object} takes the path ${path} ahead of ${app}, and ${revision === undefined ? 'nothing in the responses tells the two apart' : `its responses carry revision ${revision} as well`}: the samples do not show what users of ${app} get. Set ${theInputs('path', 'host')} to what only ${app} answers, or narrow the match or the hosts of that route.`;
  },
  changedMeanwhileTitle: () => 'The release was changed while it was sampled',
  changedMeanwhile: ({ changes }, say) =>
    `${changes.map(say).join('; ')}. The samples are of both and prove neither: verify again.`,
  routeChange: ({ place: where, before, now }) => `${where}: ${holding(before)} → ${holding(now)}`,
  foreignMarksTitle: () => 'Two releases mark the responses of one route',
  foreignMarks: ({ cluster, route, object, destination, header }) =>
    `In ${cluster}, ${routes.part(route)} of ${object} also sends to ${destination}, whose responses another release marks with ${header}: no response would tell which of the two releases it belongs to. Give each app a route of its own, or remove that response header if its release has ended.`,
  changedMarksTitle: ({ cluster }) => `A route in ${cluster} overrides the response headers of the release`,
  changedMarks: ({ cluster, route, object, header }) =>
    `In ${cluster}, ${routes.part(route)} of ${object} changes the response header ${header} for all its destinations, which overrides what the release sets for each version: responses would not show their version and revision. Remove that change from the route.`,
};

const CONDITIONS = { Accepted: 'accepted', ResolvedRefs: 'resolved', Programmed: 'programmed' } as const;

const SETTINGS: Readonly<Record<BalancingSetting, { readonly title: string; readonly effect: string }>> = {
  consistentHash: {
    title: 'Consistent hashing is on',
    effect:
      'It ties a caller to one endpoint. The weights apply first, but if a route names no subset, or a subset has pods of several versions, all requests of the check reach the same version. Let every route to the service name subsets of one version each, or remove the setting during the release',
  },
  outlierDetection: {
    title: 'Outlier detection is on',
    effect:
      'It ejects endpoints after failures; with all endpoints of a version ejected, its requests get 503 until they return. Find out why they fail, and compare the number of pods with maxEjectionPercent',
  },
  localityLbSetting: {
    title: 'Locality load balancing is set',
    effect:
      'It decides which localities serve a version. If distribute omits the only locality that runs a version, requests to that version fail, whatever its weight. List every locality that runs one',
  },
};

function editor({ manager, time = 'an unknown time' }: Editor): string {
  return `${manager} at ${time}`;
}

const OLDER_GATEWAY = 'Istio asks the routes of the older Gateway first, and what takes every request last';
const UNKNOWN_PODS = ' Whether the same gateway pods serve both could not be read: first check that.';

function placeOf(listener: ListenerName | undefined, merged: MergedWith | undefined): string {
  if (listener === undefined) return '';
  return ` at ${listenerOf(listener)}${merged === undefined ? '' : `, which Istio merges with Gateway ${merged.gateway}`}`;
}

function doubtOf(merged: MergedWith | undefined): string {
  return merged === undefined || merged.certain ? '' : UNKNOWN_PODS;
}

function createdAt(created: string | undefined): string {
  return created === undefined ? '' : ` (created at ${created})`;
}

function strays(seen: StraySeen): string {
  if ('failed' in seen) return `${formatCount(seen.failed)} of ${formatCount(seen.requests)} requests failed`;
  const by = seen.managed === undefined ? 'the managed rule' : `the managed route of ${seen.managed}`;
  return `${formatCount(seen.unanswered)} of ${formatCount(seen.requests)} requests were not answered by ${by}`;
}

function kindOf([way]: readonly [VersionWay, VersionWay]): 'subsets' | 'Services' {
  return 'subset' in way ? 'subsets' : 'Services';
}

function bare(way: VersionWay): string {
  return 'subset' in way ? way.subset : way.service;
}

function podsIn({ name, isWorkload, cluster }: OverlapPods): string {
  return `${isWorkload ? `the pods of ${name}` : name} in ${cluster}`;
}

function ruleName(rule: string | undefined): string {
  return rule ?? 'no DestinationRule';
}

/** `a`, `a and b`, `a, b and 3 more` */
function firstOf(names: readonly string[]): string {
  const [first = '', second, ...others] = names;
  if (second === undefined) return first;
  return others.length === 0
    ? `${first} and ${second}`
    : `${first}, ${second} and ${formatCount(others.length)} more`;
}

function place({ object, parent }: ConditionPlace): string {
  if (parent === undefined) return object;
  return `${object} at ${parent.name}${parent.listener === undefined ? '' : `, listener ${parent.listener}`}`;
}

function sharesOf(shares: readonly ClusterShare[]): string {
  return shares
    .map(({ cluster, weight }) => `${String(weight)}%${cluster === undefined ? '' : ` in ${cluster}`}`)
    .join(', ');
}

function placeOfSetting({ rule, of }: SettingPlace): string {
  if (of === 'host') return rule;
  return of === 'port' ? `${rule} for a port` : `${rule} for the subset ${of.subset}`;
}

function holding({ revision = 'none', weights }: RevisionAndWeights): string {
  return `revision ${revision}, ${weights === undefined ? 'no weights' : formatWeights(weights)}`;
}
