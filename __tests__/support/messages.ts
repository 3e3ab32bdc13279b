import { quoted } from '../../src/texts/message.ts';
import type { MessageValues } from '../../src/texts/message.ts';
import { weights } from './release.ts';

const SPLIT = weights({ v1: 80, v2: 20 });
const HALF = weights({ v1: 50, v2: 50 });
const VS = 'VirtualService demo/hello';
const HTTP_ROUTE = 'HTTPRoute demo/hello';
const RULE = 'DestinationRule demo/hello';
const AT = '2026-11-22T10:04:00Z';
const QUOTE = quoted('q-17');
const ROUTE = { part: 'route', key: 'beta', isNamed: true } as const;
const UNNAMED = { part: 'rule', key: 'rules[0]', isNamed: false } as const;
const SAMPLED = { samples: 860, otherHosts: 0 };
const OTHERS = { samples: 861, otherHosts: 12 };
const TALLY = new Map([['status 503', 12]]);
const STALE = new Map([['3', 14]]);
const COUNTED = {
  of: 'errors',
  version: 'v2',
  hits: 41,
  requests: 424,
  others: ['v1'],
  otherHits: 7,
  otherRequests: 1418,
} as const;
const SHARES = {
  sampled: false,
  weights: SPLIT,
  requests: weights({ v1: 4800, v2: 1204 }),
  all: 6004,
} as const;
const UNANSWERED = { unanswered: 31, requests: 211, managed: VS } as const;
const FAILED = { failed: 33, requests: 212 } as const;
const SUBSETS = [{ subset: 'v1' }, { subset: 'v2' }] as const;
const SERVICES = [{ service: 'hello-v1' }, { service: 'hello-v2' }] as const;
const LIMIT = {
  value: { number: 0.25 },
  good: quoted('< 0.01'),
  bad: undefined,
  wrong: 3,
  judged: 9,
  tolerated: 2,
} as const;
const GATEWAY = { name: 'Gateway demo/g-9', listener: 'web' } as const;

/** Messages of every kind, with and without what may be missing of them. A kind without an example does not compile. */
export const MESSAGES: {
  readonly [K in keyof MessageValues]: readonly [MessageValues[K], ...MessageValues[K][]];
} = {
  quote: [{ text: 'x-509' }],

  weightlessVersions: [{ versions: new Map([['v3', 4]]), samples: 860 }],
  sharesDiffer: [
    { ...SAMPLED, logEvidence: 30 },
    { ...OTHERS, logEvidence: Infinity },
  ],
  nearTheEdge: [SAMPLED],
  maxSamplesReached: [OTHERS],
  openAtMaxSamples: [{ ...SAMPLED, why: QUOTE }],
  noResponses: [
    { silent: ['v2'], responders: ['v1'], samples: 70, unanswered: 22, judged: 92, seconds: 5, limit: 0.01 },
    { silent: [], responders: [], samples: 0, unanswered: 22, judged: 92, seconds: 5, limit: 0.015 },
  ],
  tooManyErrors: [{ failed: 12, judged: 92, limit: 0.01, kinds: TALLY }],
  stoppedEarly: [OTHERS],
  sharesMatch: [
    { ...SAMPLED, setAside: 0 },
    { ...OTHERS, setAside: 5 },
  ],
  noDrift: [
    { ...SAMPLED, seconds: '60.1', failures: { failed: 0, judged: 860 }, setAside: 0 },
    { ...OTHERS, seconds: '60.1', failures: { failed: 2, judged: 870 }, setAside: 3 },
  ],
  outOfTime: [
    { ...SAMPLED, seconds: '300.0', why: undefined, open: undefined },
    {
      ...OTHERS,
      seconds: '300.0',
      why: QUOTE,
      open: { silent: ['v2', 'v3'], responders: ['v1', 'v4'], samples: 71, unanswered: 9 },
    },
  ],
  unknownVersion: [{ version: 'v9', weights: SPLIT }],
  contradictingBodies: [{ pairs: new Map([['v1 → v2', 6]]) }],
  contradictingBody: [{}],
  staleResponses: [{ own: 120, revision: '4', stale: STALE }],
  withoutRevision: [{ own: 120, revision: '4', withoutRevision: 11 }],
  failsMoreOften: [{ version: 'v2', failed: 41, requests: 424, otherFailed: 7, otherRequests: 1418 }],
  slower: [{ version: 'v2', limit: 0.5, median: 18.25, otherMedian: 6.5 }],
  podSplitsOtherwise: [{ pod: 'gateway-1', versions: weights({ v1: 0, v2: 55 }), samples: 56 }],
  podStaysBehind: [
    { pod: 'gateway-1', own: 120, revision: '4', stale: STALE, withoutRevision: 11 },
    { pod: 'gateway-1', own: 120, revision: '4', stale: new Map(), withoutRevision: 11 },
  ],
  podCrashes: [{ pod: 'gateway-1', restarts: 2 }],

  counted: [COUNTED, { ...COUNTED, of: 'slow', others: ['v1', 'v3'] }],
  failsForUsers: [
    { ...COUNTED, logEvidence: 20 },
    { ...COUNTED, of: 'slow', others: ['v1', 'v3'], logEvidence: 1 },
  ],
  failedUnattributed: [{ hits: 19, requests: 6004 }],
  nothingCounted: [
    { versions: [], noSeries: false, passes: false },
    { versions: ['v1', 'v2'], noSeries: true, passes: true },
  ],
  tooFewToShow: [
    { seen: QUOTE, of: 'errors' },
    { seen: QUOTE, of: 'slow' },
  ],
  countedDoubtful: [
    { seen: QUOTE, ratio: 1 },
    { seen: QUOTE, ratio: 2 },
  ],
  nothingReleased: [{}],
  noTrafficYet: [{ version: 'v2' }],
  allTraffic: [{ version: 'v2' }],
  countedShares: [SHARES, { ...SHARES, sampled: true }],
  sharesOffForUsers: [
    { seen: QUOTE, logEvidence: 20 },
    { seen: QUOTE, logEvidence: 1 },
  ],
  tooFewForSplit: [{ seen: QUOTE }],
  onlyVersion: [{ version: 'v1' }],
  lastReadingFailed: [{ message: 'e-503' }],
  cannotBeFound: [{ unknown: QUOTE }],
  unknownMetric: [{ address: 'prom-a:9090', metric: 'm_1' }],
  unknownLabel: [{ address: 'prom-a:9090', metric: 'm_1', label: 'l_1' }],
  readOnce: [{ addresses: ['prom-a:9090', 'prom-b:9091'] }],
  noSeriesAt: [{ addresses: ['prom-a:9090', 'prom-b:9091', 'prom-c:9092'] }],
  countsTwice: [{}],
  valuesFell: [{ of: 4, readings: 13 }],
  notScraped: [{ seconds: 95 }],
  missingBucket: [
    { address: 'prom-a:9090', versions: [] },
    { address: 'prom-a:9090', versions: ['v2'] },
  ],
  differingLabels: [
    { series: 1200, labels: ['l_1', 'l_2'], more: true },
    { series: 3, labels: ['l_1'], more: false },
  ],
  limit: [
    LIMIT,
    { ...LIMIT, value: undefined, bad: quoted('> 0.5'), wrong: 1, tolerated: 0 },
    { ...LIMIT, value: { matches: 'w-1', was: true }, wrong: 0, tolerated: 0 },
    { ...LIMIT, value: { matches: 'w-1', was: false } },
  ],
  symbols: [
    { condition: { kind: 'compare', operator: '<', limit: 0.01 }, matches: undefined },
    { condition: { kind: 'compare', operator: '==', limit: 1 }, matches: 'w-1' },
    {
      condition: {
        kind: 'all',
        of: [
          { kind: 'not', of: { kind: 'compare', operator: '<', limit: 2 } },
          {
            kind: 'any',
            of: [
              { kind: 'compare', operator: '>', limit: 3 },
              { kind: 'compare', operator: '==', limit: 4 },
            ],
          },
        ],
      },
      matches: undefined,
    },
  ],
  noReading: [{}],
  noSeries: [{}],
  notFinite: [{ value: 'NaN-1' }],
  passesWithout: [
    { problem: QUOTE, why: 'on-no-data' },
    { problem: QUOTE, why: 'template' },
  ],
  metNeither: [{ seen: QUOTE, values: 5 }],
  noGoodValue: [{ seen: QUOTE, why: quoted('r-18') }],
  looksBack: [{ seconds: 300 }],
  watchTooShort: [{}],
  delayNotOver: [{ seconds: 45 }],
  firstNotJudged: [{}],
  readingsFailed: [{ missed: 3, polls: 40, message: 'e-503' }],
  serverSays: [{ note: 'n-19' }],
  requestsWithoutVersion: [{ requests: 1234 }],
  versionOutside: [{ version: 'v9', requests: 77 }],
  mayBeSamples: [{ samples: 1500 }],
  noMoreThanSamples: [{}],
  versionNotNamed: [{ version: 'v2' }],
  fillsGaps: [{}],

  editedTitle: [{ cluster: 'east' }],
  edited: [{ edit: QUOTE }],
  weightEdit: [
    { object: VS, cluster: 'east', found: HALF, recorded: SPLIT, by: { manager: 'kubectl-edit', time: AT } },
    {
      object: VS,
      cluster: 'east',
      found: undefined,
      recorded: SPLIT,
      by: { manager: 'm-1', time: undefined },
    },
    { object: VS, cluster: 'east', found: undefined, recorded: SPLIT, by: undefined },
  ],
  disagreementTitle: [{}],
  disagreement: [{ held: QUOTE }],
  otherWeightsTitle: [{ clusters: ['east'] }, { clusters: ['east', 'west'] }],
  otherWeights: [{ held: HALF, asked: SPLIT }],
  staleTitle: [
    { cluster: 'east', pods: [], revisions: ['3'] },
    { cluster: 'east', pods: ['gateway-1', 'gateway-2'], revisions: ['3', '2'] },
  ],
  stale: [{ responses: 14, requests: 120 }],
  newerTitle: [{ cluster: 'east' }],
  newer: [{ responses: 14, requests: 120, revisions: ['5', '6'], latest: '4' }],
  takesRequestsTitle: [
    { object: VS, cluster: 'east', certain: true },
    { object: VS, cluster: 'east', certain: false },
  ],
  rivalRoute: [
    {
      hosts: ['a.example.com', '*'],
      gateway: 'demo/g-1',
      merged: 'demo/g-2',
      managed: VS,
      created: AT,
      route: 'beta',
      path: '/hello-1',
      seen: UNANSWERED,
      narrower: true,
      exportTo: ['ns-1'],
    },
    {
      hosts: ['*'],
      gateway: 'demo/g-1',
      merged: undefined,
      managed: VS,
      created: undefined,
      route: 'beta',
      path: '/hello-1',
      seen: FAILED,
      narrower: false,
      exportTo: undefined,
    },
  ],
  rivalVirtualService: [
    {
      hosts: ['a.example.com', '*'],
      gateway: 'demo/g-1',
      listener: { name: 'l-1', gateway: 'Gateway demo/g-1' },
      created: AT,
      route: 'beta',
      path: '/hello-1',
      seen: { ...UNANSWERED, managed: undefined },
      narrower: true,
      certain: false,
    },
    {
      hosts: ['*'],
      gateway: 'demo/g-1',
      listener: { name: 'l-1', gateway: 'Gateway demo/g-1' },
      created: undefined,
      route: 'beta',
      path: '/hello-1',
      seen: FAILED,
      narrower: false,
      certain: true,
    },
  ],
  earlierRouteTitle: [{ cluster: 'east' }],
  earlierRoute: [{ routes: [{ route: 'beta', object: VS }], path: '/hello-1', seen: UNANSWERED }],
  anotherRouteTitle: [{ cluster: 'east' }],
  anotherRoute: [
    { seen: { ...UNANSWERED, managed: undefined }, namespace: undefined },
    { seen: FAILED, namespace: 'ns-1' },
  ],
  rivalRule: [
    {
      rule: UNNAMED,
      created: AT,
      path: '/hello-1',
      managed: HTTP_ROUTE,
      app: 'app-1',
      listener: undefined,
      merged: undefined,
      grpc: true,
      seen: UNANSWERED,
    },
    {
      rule: ROUTE,
      created: undefined,
      path: '/hello-1',
      managed: HTTP_ROUTE,
      app: undefined,
      listener: { name: 'l-1', gateway: 'Gateway demo/g-1' },
      merged: { gateway: 'demo/g-2', certain: false },
      grpc: false,
      seen: FAILED,
    },
  ],
  rivalHostname: [
    {
      hostnames: ['a.example.com', 'b.example.com'],
      created: AT,
      path: '/hello-1',
      managed: HTTP_ROUTE,
      listener: undefined,
      merged: undefined,
      grpc: true,
      seen: UNANSWERED,
    },
    {
      hostnames: ['a.example.com'],
      created: undefined,
      path: '/hello-1',
      managed: HTTP_ROUTE,
      listener: { name: 'l-1', gateway: 'Gateway demo/g-1' },
      merged: { gateway: 'demo/g-2', certain: false },
      grpc: false,
      seen: FAILED,
    },
  ],
  rivalHost: [
    {
      hosts: ['a.example.com', 'b.example.com'],
      created: AT,
      path: '/hello-1',
      managed: HTTP_ROUTE,
      seen: UNANSWERED,
      certain: true,
    },
    {
      hosts: ['a.example.com'],
      created: undefined,
      path: '/hello-1',
      managed: VS,
      seen: FAILED,
      certain: false,
    },
  ],
  noSubsetTitle: [
    { rules: [RULE], version: 'v2', cluster: 'east' },
    { rules: [], version: 'v2', cluster: 'east' },
  ],
  noSubset: [{ version: 'v2', weight: 20 }],
  wrongPodsTitle: [
    { way: SUBSETS[0], body: 'v2' },
    { way: SERVICES[0], body: 'v2' },
  ],
  wrongPods: [
    { responses: 6, cluster: 'east', header: 'v1', body: 'v2', way: SUBSETS[0], labels: 'version=v1' },
    { responses: 6, cluster: 'east', header: 'v1', body: 'v2', way: SERVICES[0], labels: undefined },
  ],
  overlapTitle: [{ ways: SUBSETS }, { ways: SERVICES }],
  overlap: [
    {
      versions: ['v1', 'v2'],
      ways: SUBSETS,
      labels: ['app=a-1', 'app=a-2'],
      pods: [
        { name: 'pod-1', isWorkload: false, cluster: 'east' },
        { name: 'deploy-2', isWorkload: true, cluster: 'west' },
      ],
      certain: true,
      rule: { name: RULE, cluster: 'east' },
      wide: 'v1',
    },
    {
      versions: ['v1', 'v2'],
      ways: SERVICES,
      labels: ['app=a-1', 'app=a-2'],
      pods: [{ name: 'deploy-2', isWorkload: true, cluster: 'west' }],
      certain: true,
      rule: { name: undefined, cluster: 'east' },
      wide: 'v2',
    },
    {
      versions: ['v1', 'v2'],
      ways: SERVICES,
      labels: ['app=a-1', 'app=a-2'],
      pods: [{ name: 'pod-1', isWorkload: false, cluster: 'east' }],
      certain: false,
      rule: { name: undefined, cluster: 'east' },
      wide: 'v1',
    },
  ],
  notReadyTitle: [{ version: 'v2' }],
  notReady: [
    {
      version: 'v2',
      weight: 20,
      rule: RULE,
      service: undefined,
      labels: 'version=v2',
      clusters: ['east', 'west'],
      pods: [],
    },
    {
      version: 'v2',
      weight: 20,
      rule: undefined,
      service: 'Service demo/hello-v2',
      labels: 'version=v2',
      clusters: ['east'],
      pods: ['pod-1', 'pod-2', 'pod-3'],
    },
  ],
  noReadyPod: [
    { version: 'v2', weight: 20, rule: RULE, labels: 'version=v2', clusters: ['east'] },
    { version: 'v2', weight: 20, rule: undefined, labels: 'version=v2', clusters: ['east'] },
  ],
  noSidecarTitle: [{ version: 'v2' }],
  noSidecar: [
    { rules: [RULE], pods: ['pod-1'], outsideMesh: true },
    { rules: [RULE], pods: ['pod-1', 'pod-2', 'pod-3'], outsideMesh: false },
  ],
  conditionTitle: [
    { condition: 'Accepted', object: HTTP_ROUTE, cluster: 'east' },
    { condition: 'Programmed', object: undefined, cluster: 'east' },
  ],
  conditionFalse: [
    {
      at: { object: HTTP_ROUTE, parent: GATEWAY },
      condition: 'Accepted',
      reason: 'r-18',
      message: 'm-20',
    },
    {
      at: { object: HTTP_ROUTE, parent: { ...GATEWAY, listener: undefined } },
      condition: 'ResolvedRefs',
      reason: undefined,
      message: undefined,
    },
    {
      at: { object: HTTP_ROUTE, parent: undefined },
      condition: 'Programmed',
      reason: 'r-18',
      message: 'm-20',
    },
  ],
  conditionUnreported: [{ at: { object: HTTP_ROUTE, parent: GATEWAY }, condition: 'Accepted' }],
  conditionOutdated: [
    { at: { object: HTTP_ROUTE, parent: undefined }, condition: 'Accepted', generation: 4 },
  ],
  unweightedTitle: [{ rule: UNNAMED, cluster: 'east' }],
  unweighted: [{ object: HTTP_ROUTE, operation: 'rollout' }],
  serviceMissingTitle: [{ service: 'Service demo/hello-v2', clusters: ['east', 'west'] }],
  serviceMissing: [
    { version: 'v2', shares: [{ cluster: 'east', weight: 20 }], elsewhere: 'missing', configured: false },
    { version: 'v2', shares: [{ cluster: undefined, weight: 20 }], elsewhere: 'answers', configured: true },
    { version: 'v2', shares: [{ cluster: undefined, weight: 20 }], elsewhere: 'unready', configured: true },
    { version: 'v2', shares: [{ cluster: undefined, weight: 20 }], elsewhere: 'unknown', configured: true },
  ],
  foreignPodsTitle: [{ service: 'Service demo/hello-v2', labels: ['version=v1'] }],
  foreignPods: [
    {
      clusters: ['east'],
      selector: 'app=a-1',
      label: 'version=v1',
      version: 'v2',
      service: 'Service demo/hello-v2',
    },
  ],
  serviceNotReady: [
    {
      version: 'v2',
      shares: [
        { cluster: 'east', weight: 20 },
        { cluster: 'west', weight: 30 },
      ],
      service: 'Service demo/hello-v2',
      selected: [{ labels: 'app=a-1', clusters: ['east', 'west'] }],
      pods: [],
    },
    {
      version: 'v2',
      shares: [{ cluster: undefined, weight: 20 }],
      service: 'Service demo/hello-v2',
      selected: [{ labels: '', clusters: ['east'] }],
      pods: ['pod-1', 'pod-2'],
    },
  ],
  settingTitle: [
    { setting: 'consistentHash', cluster: 'east' },
    { setting: 'outlierDetection', cluster: 'east' },
    { setting: 'localityLbSetting', cluster: 'east' },
  ],
  setting: [
    { setting: 'consistentHash', places: [{ rule: RULE, of: 'host' }] },
    { setting: 'outlierDetection', places: [{ rule: RULE, of: 'port' }] },
    { setting: 'localityLbSetting', places: [{ rule: RULE, of: { subset: 'v2' } }] },
  ],
  requestsFailTitle: [{ cluster: 'east' }],
  requestsFail: [
    {
      requests: 92,
      url: 'http://203.0.113.7',
      kinds: new Map([['status 404', 12]]),
      notFound: { path: '/hello-1', host: 'a.example.com' },
      unreached: 'east',
    },
    {
      requests: 92,
      url: 'http://203.0.113.7',
      kinds: new Map([
        ['connection refused', 12],
        ['status 503 without a version', 3],
      ]),
      notFound: { path: '/hello-1', host: undefined },
      unreached: undefined,
    },
  ],
  lookalikeTitle: [{ cluster: 'east' }],
  lookalike: [
    { route: ROUTE, object: VS, path: '/hello-1', app: 'app-1', revision: '4' },
    { route: UNNAMED, object: HTTP_ROUTE, path: '/hello-1', app: 'app-1', revision: undefined },
  ],
  changedMeanwhileTitle: [{}],
  changedMeanwhile: [{ changes: [QUOTE, quoted('r-18')] }],
  routeChange: [
    {
      place: 'east',
      before: { revision: '3', weights: SPLIT },
      now: { revision: undefined, weights: undefined },
    },
  ],
  foreignMarksTitle: [{}],
  foreignMarks: [{ cluster: 'east', route: ROUTE, object: VS, destination: 'app-2', header: 'x-h-1' }],
  changedMarksTitle: [{ cluster: 'east' }],
  changedMarks: [{ cluster: 'east', route: ROUTE, object: VS, header: 'x-h-1' }],

  nothingSampled: [{ byMetrics: true }, { byMetrics: false }],
  otherServiceRoute: [
    { route: ROUTE, object: VS, clusters: ['east', 'west'], service: 'svc-1', app: 'app-1' },
  ],
  pastGateways: [{ service: 'svc-1', type: 'NodePort', clusters: ['east'], app: 'app-1' }],
  servicesUnlisted: [{ namespace: 'ns-1', clusters: ['east'], app: 'app-1' }],
  nodesUnlisted: [{ clusters: ['east'] }],
  autoscalersUnlisted: [{ namespace: 'ns-1', clusters: ['east'] }],
  clustersUnidentified: [{ clusters: ['east', 'west'] }],
  policiesUnread: [{ clusters: ['east'] }],
  rootAssumed: [{ clusters: ['east'], rootNamespace: 'root-1' }],
  networksUnread: [{ clusters: ['east'] }],
  gatewayApiUnlisted: [
    { what: 'HTTPRoute', others: true, clusters: ['east'] },
    { what: 'GRPCRoute', others: false, clusters: ['east'] },
    { what: 'Gateway', others: true, clusters: ['east'] },
    { what: 'ReferenceGrant', others: false, clusters: ['east'] },
  ],
  othersUnlisted: [{ what: 'VirtualService', clusters: ['east'] }],
  meshConfigUnread: [{ name: 'cm-1', clusters: ['east'], why: 'e-503', rootNamespace: 'root-1' }],
  gatewayPodsUnread: [{ clusters: ['east'], why: 'e-503' }],
  leadsOutside: [
    {
      route: ROUTE,
      object: VS,
      clusters: ['east'],
      leading: { does: 'mirrors', app: 'app-1' },
      headers: [],
      absent: ['demo/g-1', 'demo/g-2'],
    },
    {
      route: UNNAMED,
      object: HTTP_ROUTE,
      clusters: ['east'],
      leading: { does: 'sends to every pod', app: 'app-1' },
      headers: ['x-h-1', 'x-h-2'],
      absent: [],
    },
    {
      route: ROUTE,
      object: VS,
      clusters: ['east'],
      leading: { does: 'sends', version: 'v2' },
      headers: ['x-h-1'],
      absent: [],
    },
    {
      route: ROUTE,
      object: VS,
      clusters: ['east'],
      leading: { does: 'splits', split: SPLIT },
      headers: [],
      absent: [],
    },
  ],
  rivalAhead: [
    {
      route: ROUTE,
      object: HTTP_ROUTE,
      clusters: ['east', 'west'],
      path: '/hello-1',
      managed: VS,
      listener: { name: 'l-1', gateway: 'Gateway demo/g-1' },
      certain: true,
    },
    {
      route: UNNAMED,
      object: HTTP_ROUTE,
      clusters: ['east'],
      path: '/hello-1',
      managed: VS,
      listener: undefined,
      certain: false,
    },
    {
      route: undefined,
      object: HTTP_ROUTE,
      clusters: ['east'],
      path: '/hello-1',
      managed: VS,
      listener: undefined,
      certain: true,
    },
    {
      route: undefined,
      object: HTTP_ROUTE,
      clusters: ['east'],
      path: '/hello-1',
      managed: VS,
      listener: undefined,
      certain: false,
    },
  ],
  grpcRoute: [{ route: 'GRPCRoute demo/r-1', clusters: ['east'], app: 'app-1' }],
  missingService: [{ route: HTTP_ROUTE, clusters: ['east'], service: 'svc-1', app: 'app-1', version: 'v3' }],
  loadBalancerSkipped: [{ cluster: 'east' }],
  sharedAddress: [{ clusters: ['east', 'west'], url: 'http://203.0.113.7' }],
  metricsNotJudged: [{}],
  planUnchecked: [{}],
  throughProxy: [{ cluster: 'east', proxy: 'http://proxy-1:3128' }],
  insecure: [{ cluster: 'east', why: 'w-21' }],
  apiThroughProxy: [{ cluster: 'east', proxy: 'http://proxy-1:3128' }],

  podsBack: [
    { object: 'Deployment demo/d-1', cluster: 'east', images: ['i-1:1'], ready: true },
    { object: 'Deployment demo/d-1', cluster: 'east', images: ['i-1:1', 'i-2:2'], ready: false },
  ],
  podsNotReady: [{ object: 'Deployment demo/d-1', cluster: 'east', images: ['i-1:1'], error: 'e-503' }],
  podsNotBack: [
    {
      version: 'v2',
      weight: 20,
      object: 'Deployment demo/d-1',
      cluster: 'east',
      images: ['i-1:1'],
      earlier: ['i-0:0'],
      why: { kind: 'keptOnFailure' },
      image: 'i-0:0',
    },
    {
      version: 'v2',
      weight: undefined,
      object: 'Deployment demo/d-1',
      cluster: 'east',
      images: ['i-1:1'],
      earlier: ['i-0:0'],
      why: { kind: 'lockTakenOver' },
      image: undefined,
    },
  ],
  keptOnFailure: [{}],
  lockTakenOver: [{}],
  changedByOthers: [{}],
  holdsAgain: [{ cluster: 'east', weights: SPLIT }],
  leftUnchanged: [{ edit: QUOTE }],
  notOurs: [
    { cluster: 'east', weights: HALF },
    { cluster: 'east', weights: undefined },
  ],
  arrivalUnseen: [{}],
  notRestored: [
    { weights: SPLIT, error: 'e-503.', inForce: QUOTE },
    { weights: SPLIT, error: 'e-503.', inForce: undefined },
  ],
  inForce: [
    {
      held: [
        { place: 'east', what: { kind: 'heldWeights', weights: SPLIT } },
        { place: 'west', what: { kind: 'unreadable', error: 'e-503' } },
      ],
    },
  ],
  unreadable: [{ error: 'e-503' }],
  notRecovered: [{ cluster: 'east', either: [SPLIT, HALF], error: 'e-503' }],
  noAnswerInTime: [{ cluster: 'east', either: [SPLIT, HALF], error: 'e-503' }],
  theyHold: [
    {
      held: [
        { place: 'east', weights: SPLIT },
        { place: 'west', weights: undefined },
      ],
    },
  ],
  objectGone: [{ object: VS, cluster: 'east' }],
  objectReverted: [
    { object: VS, cluster: 'east', first: true },
    { object: VS, cluster: 'east', first: false },
  ],
  objectStays: [{ object: VS, cluster: 'east' }],
  objectUnreached: [{ object: VS, cluster: 'east' }],
  objectChanged: [
    { object: VS, cluster: 'east', split: 'v1=50,v2=50', by: { manager: 'm-1', time: AT } },
    { object: VS, cluster: 'east', split: undefined, by: { manager: 'm-1', time: undefined } },
    { object: VS, cluster: 'east', split: undefined, by: undefined },
  ],
  objectNotReverted: [
    { object: VS, cluster: 'east', state: 'ours', error: 'e-503' },
    { object: VS, cluster: 'east', state: 'awaited', error: 'e-503' },
    { object: VS, cluster: 'east', state: 'other', error: 'e-503' },
  ],
  splitRestored: [
    { object: VS, cluster: 'east', split: 'v1=80,v2=20' },
    { object: VS, cluster: 'east', split: undefined },
  ],
  weightsSet: [
    { before: undefined, after: SPLIT },
    { before: SPLIT, after: SPLIT },
    { before: SPLIT, after: HALF },
  ],
  previews: [{ versions: ['v1', 'v2'] }],
  removedFromRoutes: [{ version: 'v1' }],
  workloadOf: [{ version: 'v1' }],
  forVersion: [{ version: 'v1' }],
  namespaceNew: [{}],
  namespaceOfRelease: [{}],
  injection: [{ injection: 'rev-1' }],
  subsetUnused: [{ version: 'v1' }],
  subsets: [
    { versions: ['v1', 'v2'], mutualTls: true },
    { versions: ['v1'], mutualTls: false },
  ],
  subsetMissing: [{ versions: ['v1', 'v2'] }],
  entryPoint: [{}],
  serviceForRoute: [{ version: 'v1' }],
  serviceOf: [{ version: 'v1' }],
  templateRestored: [{}],
  notChanged: [{}],
  reverted: [{}],
  recoveredRoutes: [{}],
  recoveredContent: [{}],
  clusterUnread: [{ error: 'e-503' }],
  noNamespace: [{ namespace: 'ns-1' }],
  clusterState: [{ routes: QUOTE, pods: quoted('r-18') }],
  servedElsewhere: [{}],
  routesHold: [
    {
      held: [
        { place: undefined, what: { kind: 'heldWeights', weights: SPLIT }, isWeights: true },
        { place: 'vs-2', what: { kind: 'noRouteTo', app: 'app-1' }, isWeights: false },
      ],
      revision: 4,
    },
    {
      held: [{ place: 'vs-2', what: { kind: 'routeWithoutVersion' }, isWeights: false }],
      revision: undefined,
    },
  ],
  noPods: [{ app: 'app-1' }],
  podsReady: [
    {
      versions: [
        { version: 'v1', ready: 2, all: 3 },
        { version: 'v2', ready: 0, all: 1 },
      ],
    },
  ],

  heldWeights: [{ weights: SPLIT }],
  noObject: [{ object: 'VirtualService' }],
  noRouteTo: [{ app: 'app-1' }],
  routeWithoutVersion: [{}],
  unknownWeights: [{ error: 'e-503' }],
  weightsByRoute: [
    {
      routes: [
        { object: 'vs-1', route: ROUTE, weights: SPLIT },
        { object: undefined, route: UNNAMED, weights: undefined },
      ],
    },
    { routes: [{ object: undefined, route: ROUTE, weights: undefined }] },
  ],
  heldByEach: [
    {
      held: [
        { place: 'east', what: { kind: 'heldWeights', weights: SPLIT } },
        { place: 'west', what: { kind: 'noObject', object: 'VirtualService' } },
      ],
    },
  ],
  sentence: [{ phrase: QUOTE }],
  findingLine: [{ title: QUOTE, detail: quoted('r-18.') }],
};
