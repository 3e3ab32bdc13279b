import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OPERATIONS } from '../../src/github/inputs.ts';
import { releaseFromInputs } from '../../src/github/release-from-inputs.ts';
import '../support/one-realm.ts';
import { inputs } from '../support/inputs.ts';
import { weights } from '../support/release.ts';

const CONTEXTS = ['east', 'west', 'hub'];

const from = (
  texts: Readonly<Record<string, string>> = {},
  contexts: readonly string[] | undefined = CONTEXTS,
): ReturnType<typeof releaseFromInputs> => releaseFromInputs(inputs(texts).values, contexts);

describe('the release', () => {
  test('from the minimal inputs is complete', () => {
    expect(from()).toMatchObject({
      problems: [],
      release: {
        app: 'helloworld',
        namespace: 'gray-demo',
        version: undefined,
        clusters: ['east', 'west'],
        configClusters: ['east', 'west'],
        onFailure: 'rollback',
      },
    });
  });

  test.each([
    ['rollback', undefined],
    ['verify', undefined],
    ['rollout', weights({ v1: 80, v2: 20 })],
    ['plan', weights({ v1: 80, v2: 20 })],
  ])('of a %s takes weights from the inputs, and from the release file %p', (operation, ofFile) => {
    const { values } = inputs({ operation, weights: 'v1=80,v2=20' });
    const given = new Map([['weights', 'Input weights']]);
    const inFile = new Map([['weights', '.github/canary.yml:7: weights']]);
    expect(releaseFromInputs(values, CONTEXTS, given).release?.traffic.weights).toEqual(
      weights({ v1: 80, v2: 20 }),
    );
    expect(releaseFromInputs(values, CONTEXTS, inFile).release?.traffic.weights).toEqual(ofFile);
  });

  test('has fractions for the percentages of the inputs', () => {
    expect(
      from({ tolerance: '2.5', confidence: '99.5', 'max-error-rate': '0' }).release?.check,
    ).toMatchObject({
      tolerance: 0.025,
      confidence: 0.995,
      maxErrorRate: 0,
    });
  });

  test('has the image of its version', () => {
    expect(from({ version: 'v2', image: 'app:2' }).release?.workload.images).toEqual(
      new Map([['v2', 'app:2']]),
    );
  });

  test('has an image for each version listed', () => {
    expect(from({ image: 'v1=app:1,v2=app:2' }).release?.workload.images).toEqual(
      new Map([
        ['v1', 'app:1'],
        ['v2', 'app:2'],
      ]),
    );
  });

  test('has the requested weights', () => {
    expect(from({ weights: 'v1=80,v2=20' }).release?.traffic.weights).toEqual(weights({ v1: 80, v2: 20 }));
  });

  test.each(OPERATIONS.map((operation) => [operation]))(
    'of a %s accepts next-weights with a version at 0 that has no clusters',
    (operation) => {
      const { release, problems } = from({
        operation,
        clusters: 'v2: east\nv3: west',
        weights: 'v1=0,v2=80,v3=20',
      });
      expect(problems).toEqual([]);
      expect(release?.traffic.weights).toEqual(weights({ v2: 80, v3: 20 }));
    },
  );

  test('has every version of the weights when every version runs everywhere', () => {
    const { release } = from({ clusters: 'east, west', weights: 'v1=0,v2=100' });
    expect(release?.traffic.weights).toEqual(weights({ v1: 0, v2: 100 }));
  });

  test('has the config clusters of the input', () => {
    expect(from({ 'config-clusters': 'hub' }).release?.configClusters).toEqual(['hub']);
  });

  test('cannot be changed', () => {
    expect(Object.isFrozen(from().release)).toBe(true);
  });

  test('is missing when a required input could not be read', () => {
    expect(from({ app: '' }).release).toBeUndefined();
  });

  test('lists each config cluster once', () => {
    const { release, problems } = from({ 'config-clusters': 'hub, hub' });
    expect(problems).toEqual([]);
    expect(release?.configClusters).toEqual(['hub']);
  });
});

describe('a problem between the inputs', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a cluster that is not a context',
      { clusters: 'v1: east\nv2: wset' },
      'Input clusters: got "wset", which is not a context; the kubeconfig contains east, west, hub.',
    ],
    [
      'a config cluster that is not a context',
      { 'config-clusters': 'hbu' },
      'Input config-clusters: got "hbu", which is not a context; the kubeconfig contains east, west, hub.',
    ],
    [
      'an ingress of an unlisted cluster',
      { ingress: 'hub=http://203.0.113.7' },
      'Input ingress: got "hub", which is not one of the clusters; expected one of east, west.',
    ],
    [
      'an image without a version',
      { image: 'app:2' },
      'Input image: got "app:2" without a version; set the input version, or write version=image.',
    ],
    [
      'a version without clusters',
      { version: 'v3' },
      'Input version: got version "v3", which has no clusters; the input clusters lists v1, v2. Add its clusters there.',
    ],
    [
      'a weight of a version without clusters',
      { weights: 'v1=80,v3=20' },
      'Input weights: got version "v3", which has no clusters; the input clusters lists v1, v2. Add its clusters there.',
    ],
    [
      'an image of a version without clusters',
      { image: 'v1=app:1,v3=app:3' },
      'Input image: got version "v3", which has no clusters; the input clusters lists v1, v2. Add its clusters there.',
    ],
    [
      'a goal without steps',
      { 'promote-to': '30' },
      'Input promote-to: got "30", but there are no steps; set the input steps too.',
    ],
    [
      'a goal that is not a step',
      { version: 'v2', steps: '20,50', 'promote-to': '30' },
      'Input promote-to: got "30", which is not one of the steps; expected one of 20, 50.',
    ],
    [
      'steps without a version',
      { steps: '20,50,100' },
      'Input steps: these are weights of the version being released; set the input version too.',
    ],
  ])('%s is reported with name, value and remedy', (_what, texts, problem) => {
    expect(from(texts).problems).toEqual([problem]);
  });

  test.each([
    [
      { 'http-route': 'public', 'virtual-service': 'public' },
      'Input http-route: got "public" beside the input virtual-service; one kind of route holds the weights, so set only one of the two.',
    ],
    [
      { 'http-route': 'public', gateway: 'istio:edge/public' },
      'Input gateway: got "istio:edge/public", to which no HTTPRoute attaches; name a Gateway of the Gateway API, or omit the input http-route.',
    ],
    [
      { pods: 'ambient', injection: 'enabled' },
      'Input injection: got "enabled", which gives the pods sidecars, but the input pods is ambient; omit one of the two.',
    ],
    [
      { pods: 'none', injection: '1-31' },
      'Input injection: got "1-31", which gives the pods sidecars, but the input pods is none; omit one of the two.',
    ],
  ])('is what contradicts another input: %j', (texts, problem) => {
    expect(from(texts).problems).toEqual([problem]);
  });

  test('is not an input that agrees with the others', () => {
    const { problems, release } = from({
      'http-route': 'public',
      gateway: 'gateway-api:edge/public',
      pods: 'none',
      injection: 'off',
    });
    expect(problems).toEqual([]);
    expect(release?.workload.pods).toBe('none');
    expect(release?.traffic).toMatchObject({
      httpRoute: 'public',
      gateway: 'edge/public',
      gatewayApi: 'gateway-api',
    });
  });

  test('is not a goal of steps that could not be read', () => {
    expect(from({ steps: '50,20', 'promote-to': '50' }).problems).toEqual([]);
  });

  test('is reported together with all others', () => {
    const { problems } = from({
      clusters: 'v1: a\nv2: b',
      'config-clusters': 'c',
      version: 'v3',
      image: 'v4=x',
    });
    expect(problems.map((problem) => problem.split(',')[0])).toEqual([
      'Input clusters: got "a"',
      'Input clusters: got "b"',
      'Input config-clusters: got "c"',
      'Input image: got version "v4"',
      'Input version: got version "v3"',
    ]);
  });

  test('is not a context that the unreadable kubeconfig might contain', () => {
    expect(releaseFromInputs(inputs({ clusters: 'nowhere' }).values, undefined).problems).toEqual([]);
  });

  test('is not a version when every version runs everywhere', () => {
    expect(from({ clusters: 'east, west', version: 'v9', weights: 'v8=100' }).problems).toEqual([]);
  });
});

// The parser of the input refuses the text. What depends on its value is skipped.
test.each([
  ...[
    'gateway-selector',
    'weights',
    'steps',
    'headers',
    'ingress',
    'version-from',
    'tolerance',
    'image',
    'port',
    'max-rps',
    'verify-timeout',
    'bake',
    'promote-to',
    'version',
    'pods',
    'http-route',
    'gateway',
  ].map((name) => [name, '\u0000']),
  // A list of names accepts any character, but not an empty list.
  ...['config-clusters', 'hosts', 'routes'].map((name) => [name, ',']),
])('an unreadable %s (%j) is the only problem reported', (name = '', text = '') => {
  const { values, problems } = inputs({ [name]: text });
  expect(problems).toEqual([expect.stringMatching(new RegExp(`^Input ${name}: got `))]);
  expect(releaseFromInputs(values, CONTEXTS).problems).toEqual([]);
});

describe('the manifests', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'));
    writeFileSync(
      join(folder, 'app.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n',
    );
    writeFileSync(join(folder, 'bad.yaml'), 'a: [\n');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('are read', () => {
    const { release } = from({ version: 'v2', manifests: join(folder, 'app.yaml') });
    expect(release?.workload.manifests).toMatchObject([{ object: { kind: 'ConfigMap' } }]);
  });

  test('belong to a version', () => {
    expect(from({ manifests: join(folder, 'app.yaml') }).problems).toEqual([
      'Input manifests: these belong to one version; set the input version too.',
    ]);
  });

  test('that do not parse are a problem', () => {
    expect(from({ version: 'v2', manifests: join(folder, 'bad.yaml') }).problems).toHaveLength(1);
  });

  describe('by cluster', () => {
    const V2_IN_BOTH = 'v1: east\nv2: east, west';
    const app = (): string => join(folder, 'app.yaml');

    test('are read for their clusters', () => {
      const { release, problems } = from({
        clusters: V2_IN_BOTH,
        version: 'v2',
        manifests: `east: ${app()}\nwest: ${app()}`,
      });
      expect(problems).toEqual([]);
      expect(release?.workload.manifests?.map(({ cluster }) => cluster)).toEqual(['east', 'west']);
    });

    test.each<[string, string, string]>([
      [
        'an unknown cluster',
        'south: FILE',
        'got files for "south", which is not one of the clusters; the input clusters lists east, west.',
      ],
      [
        'a cluster of another version',
        'FILE\nnorth: FILE',
        'got files for "north", which is not one of the clusters; the input clusters lists east, west.',
      ],
      [
        'a cluster that is left out',
        'east: FILE',
        'has no files for west, where v2 runs too. Add them, or globs without a cluster, which are for every cluster.',
      ],
      ['another separator', 'east=FILE', 'got "east=FILE"; for files of one cluster write east: FILE.'],
    ])('have a problem with %s', (_what, manifests, problem) => {
      const given = manifests.replaceAll('FILE', app());
      const { problems } = from({ clusters: V2_IN_BOTH, version: 'v2', manifests: given });
      expect(problems).toContain(`Input manifests: ${problem.replaceAll('FILE', app())}`);
    });

    test('are refused where the version does not run, unless nothing is deployed', () => {
      const given = { clusters: 'v1: east\nv2: west', version: 'v2', manifests: `${app()}\neast: ${app()}` };
      expect(from(given).problems).toEqual([
        'Input manifests: got files for east, where v2 does not run; the input clusters has v2 in west.',
      ]);
      expect(from({ ...given, operation: 'retire' }).problems).toEqual([]);
    });
  });
});
