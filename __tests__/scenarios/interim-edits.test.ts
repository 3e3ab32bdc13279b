import { expect, test } from '@jest/globals';
import { ISTIO } from './support/kube.ts';
import { APP, NAMESPACE } from './support/objects.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';
const HOST = 'shop.example.com';
/** So few samples that no verdict is possible. */
const inconclusive = {
  image: '',
  port: '',
  host: HOST,
  weights: NEXT,
  'max-rps': '1',
  'verify-timeout': '5s',
};

interface Spec {
  readonly hosts: readonly string[];
  readonly http: readonly Readonly<Record<string, unknown>>[];
}

const THEIRS = {
  name: 'theirs',
  match: [{ uri: { prefix: '/theirs' } }],
  route: [{ destination: { host: APP, subset: 'v1' } }],
};

/** Someone adds a host, a route ahead of all, and a timeout to the managed route. */
async function edit(): Promise<Spec> {
  const vs = await stage.east.get(ISTIO, 'VirtualService', APP, NAMESPACE);
  const { hosts, http, ...rest } = vs['spec'] as Spec;
  const spec = {
    ...rest,
    hosts: [...hosts, 'new.example.org'],
    http: [THEIRS, ...http.map((route) => (route['name'] === APP ? { ...route, timeout: '7s' } : route))],
  };
  await stage.east.replace({ ...vs, spec });
  return spec;
}

/** What a spec holds beside weights, revision and preview routes. */
const shapeOf = ({ hosts, http }: Spec): unknown => [
  hosts,
  http
    .filter(({ name }) => typeof name !== 'string' || !name.startsWith('canary-preview-'))
    .map(({ name, match, timeout }) => ({ name, match, timeout })),
];

test('a revert restores the weights and keeps a route, a host and a timeout that someone has added since (scenario 37)', async () => {
  await stage.pass({ weights: FIRST, hosts: '*.example.com', host: HOST, tolerance: '25' });
  await stage.underLoad(
    async () => {
      let edited: Promise<Spec> | undefined;
      const run = await stage.run(inconclusive, {
        onLog: (text) => {
          if (text.includes('::group::Verify')) edited ??= edit();
        },
      });
      expect([run.code, await stage.weights()]).toEqual([1, [FIRST, FIRST]]);
      const [east] = await stage.routes();
      expect(shapeOf(east?.['spec'] as Spec)).toEqual(shapeOf(await (edited ?? edit())));
      expect((east?.['spec'] as Spec).http).toContainEqual(THEIRS);
    },
    { host: HOST },
  );
});
