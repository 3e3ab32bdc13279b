import { describe, expect, test } from '@jest/globals';
import { diagnose } from '../../src/check/diagnosis.ts';
import type { Finding } from '../../src/check/diagnosis.ts';
import type { IngressEvidence } from '../../src/check/evidence.ts';
import type { DestinationRule, HttpRoute } from '../../src/release/objects.ts';
import { RECORD_ANNOTATION } from '../../src/release/record.ts';
import { weightsInForce } from '../../src/release/traffic.ts';
import { evidence } from '../support/evidence.ts';
import { clusterState, destinationRule, fleetOf, to, toOther, virtualService } from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';

interface Held {
  readonly http?: readonly HttpRoute[];
  readonly recorded?: Readonly<Record<string, number>>;
  readonly rule?: DestinationRule;
}

const MANAGED: HttpRoute = { name: 'main', route: [to('v1', 80), to('v2', 20)] };
const given = release();

/** What is found where east holds this, west holds what was asked, and the ingresses saw that. */
function found(held: Held, ...seen: readonly IngressEvidence[]): readonly Finding[] {
  const { http = [MANAGED], recorded, rule = destinationRule(['v1', 'v2']) } = held;
  const annotations =
    recorded === undefined
      ? {}
      : { [RECORD_ANNOTATION]: JSON.stringify({ app: 'helloworld', revision: 3, weights: recorded }) };
  const fleet = fleetOf(
    clusterState(EAST, {
      traffic: { virtualServices: [virtualService(http, { annotations })], destinationRules: [rule] },
    }),
    clusterState(WEST, {
      traffic: {
        virtualServices: [virtualService([MANAGED])],
        destinationRules: [destinationRule(['v1', 'v2'])],
      },
    }),
  );
  return diagnose(given, weightsInForce(given, fleet), seen);
}

const failed = (rest: Partial<IngressEvidence> = {}): IngressEvidence =>
  evidence({ verdict: 'fail', reason: 'the shares are not the weights', ...rest });

describe('a route that someone else changed', () => {
  const held: Held = { http: [{ route: [to('v1', 50), to('v2', 50)] }], recorded: { v1: 80, v2: 20 } };

  test('is told with both weights', () => {
    expect(found(held, failed())).toEqual([
      {
        title: 'The route in east was changed by someone else',
        detail:
          'VirtualService gray-demo/helloworld in east holds v1=50,v2=50 instead of the v1=80,v2=20 that the last release step wrote. Give it the recorded weights again, or find out who needs the others.',
      },
    ]);
  });

  test('is told although the shares are right', () => {
    expect(found(held, evidence()).map(({ title }) => title)).toEqual([
      'The route in east was changed by someone else',
    ]);
  });
});

describe('a route without a record that holds other weights than those asked for', () => {
  const held: Held = { http: [{ route: [to('v1', 50), to('v2', 50)] }] };

  test('is told', () => {
    expect(found(held, failed())).toEqual([
      {
        title: 'The route in east holds other weights',
        detail: 'It splits v1=50,v2=50, and v1=80,v2=20 was asked for.',
      },
    ]);
  });

  test("is none of the other cluster's business", () => {
    expect(found(held, failed({ cluster: WEST }))).toEqual([]);
  });
});

test('a subset that selects the pods of another version is told, with what was seen', () => {
  expect(found({}, failed({ contradictions: new Map([['v2 → v1', 12]]) }))).toEqual([
    {
      title: 'The subset v2 selects pods of v1',
      detail:
        '12 answers through east were routed to v2, and their body says v1. Compare the labels of the subset v2 with those of the pods, and the image of the pods.',
    },
  ]);
});

test('a gateway replica that stays behind is told, with its revisions', () => {
  expect(
    found(
      {},
      failed({
        requests: 500,
        stale: new Map([
          ['3', 40],
          ['2', 10],
        ]),
      }),
    ),
  ).toEqual([
    {
      title: 'A gateway replica in east is still on revision 3, 2',
      detail:
        '50 of 500 answers carried it. Look at istioctl proxy-status, and at the logs of the gateway pods.',
    },
  ]);
});

describe('answers that no managed route gave', () => {
  const unmarked = failed({ unmarked: 900 });

  test.each<[string, readonly HttpRoute[], string]>([
    [
      'the route ahead of it',
      [{ name: 'beta', route: [toOther()] }, MANAGED],
      'route beta ahead of it takes the path /.',
    ],
    [
      'a route without a name ahead of it',
      [{ redirect: { uri: '/' } }, MANAGED],
      'route http[0] ahead of it takes the path /.',
    ],
    [
      'another VirtualService, where nothing is ahead of it',
      [MANAGED, { name: 'last', route: [toOther()] }],
      'another VirtualService of the same host and gateway takes the path /.',
    ],
    [
      'another VirtualService, where only previews are ahead of it',
      [{ name: 'canary-preview-v1', route: [to('v1')] }, MANAGED],
      'another VirtualService of the same host and gateway takes the path /.',
    ],
  ])('point to %s', (_what, http, detail) => {
    expect(found({ http }, unmarked)).toEqual([
      {
        title: 'Another route answers in east',
        detail: `900 of 1000 samples did not come from the managed route of VirtualService gray-demo/helloworld: ${detail}`,
      },
    ]);
  });
});

describe('consistent hashing', () => {
  test.each<[string, DestinationRule]>([
    [
      'of the host',
      destinationRule(
        ['v1', 'v2'],
        {},
        { trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } } },
      ),
    ],
    [
      'of a subset',
      destinationRule([
        { name: 'v1', trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x' } } } },
      ]),
    ],
  ])('%s is told', (_what, rule) => {
    expect(found({ rule }, failed()).map(({ title }) => title)).toEqual(['Consistent hashing is on in east']);
  });

  test('is no matter where nothing failed', () => {
    const rule = destinationRule(
      ['v1'],
      {},
      { trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } } },
    );
    expect(found({ rule }, evidence())).toEqual([]);
  });
});

test('failed requests are told by kind, the most frequent first', () => {
  expect(
    found(
      {},
      failed({
        errors: new Map([
          ['connection cut', 2],
          ['status 503', 30],
        ]),
      }),
    ),
  ).toEqual([
    {
      title: 'Requests fail through east',
      detail: 'Of 1000 requests to http://203.0.113.7: 30 × status 503, 2 × connection cut.',
    },
  ]);
});

test('nothing is made up where nothing known explains it', () => {
  expect(found({}, failed())).toEqual([]);
});

test('an inconclusive ingress is explained as well', () => {
  expect(
    found({}, failed({ verdict: 'inconclusive', errors: new Map([['no answer in time', 3]]) })),
  ).toHaveLength(1);
});

test('the likeliest cause comes first: an edit before failed requests', () => {
  const titles = found(
    { http: [{ route: [to('v1', 50), to('v2', 50)] }], recorded: { v1: 80, v2: 20 } },
    failed({ errors: new Map([['status 503', 30]]) }),
  ).map(({ title }) => title);
  expect(titles).toEqual(['The route in east was changed by someone else', 'Requests fail through east']);
});
