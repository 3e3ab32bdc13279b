import { afterEach, describe, expect, test } from '@jest/globals';
import { Fleet } from '../../src/fleet/fleet.ts';
import { neededAccess, preflight } from '../../src/fleet/preflight.ts';
import type { Access } from '../../src/fleet/access.ts';
import type { TriedChange } from '../../src/fleet/dry-run.ts';
import type { Change } from '../../src/kubernetes/change.ts';
import '../support/one-realm.ts';
import { kubeApi, kubeconfigFor } from '../support/kube-api.ts';
import { namespaceOf, service, to, virtualService } from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';
import { Opened } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const change = (verb: Change['verb'], object: Change['object'], cluster = EAST): TriedChange => ({
  cluster,
  verb,
  object,
  before: undefined,
  reason: '',
  live: undefined,
  after: object,
  tried: false,
  missing: [],
});
const CHANGES = [
  change('apply', namespaceOf('gray-demo')),
  change('apply', service()),
  change('update', virtualService([{ route: [to('v1')] }])),
];
const told = (access: readonly Access[]): readonly string[] =>
  access.map(({ cluster, verb, kind, namespace = '-' }) => `${cluster} ${verb} ${kind} ${namespace}`);
const LOCK = ['get', 'create', 'update'].map((verb) => `east ${verb} Lease gray-demo`);
const inEast = release({ configClusters: [EAST] });

describe('the rights that a run needs', () => {
  test('are those of its changes and of its lock', () => {
    expect(told(neededAccess(inEast, CHANGES))).toEqual([
      ...LOCK,
      'east patch Namespace -',
      'east create Namespace -',
      'east patch Service gray-demo',
      'east create Service gray-demo',
      'east update VirtualService gray-demo',
    ]);
  });

  test('are each told once', () => {
    expect(told(neededAccess(inEast, [...CHANGES, ...CHANGES]))).toEqual(told(neededAccess(inEast, CHANGES)));
  });

  test('are those of the lock alone where a dry run has shown the others', () => {
    expect(
      told(
        neededAccess(
          inEast,
          CHANGES.map((one) => ({ ...one, tried: true })),
        ),
      ),
    ).toEqual(LOCK);
  });

  test('are those of the lock alone where nothing changes', () => {
    expect(told(neededAccess(inEast, []))).toEqual(LOCK);
  });

  test.each<[Change['verb'], readonly string[]]>([
    ['apply', ['patch', 'create']],
    ['create', ['create']],
    ['update', ['update']],
    ['delete', ['delete']],
  ])('for %s: %j', (verb, verbs) => {
    const access = neededAccess(release({ configClusters: [] }), [change(verb, service())]);
    expect(access.map((one) => one.verb)).toEqual(verbs);
  });
});

describe('before anything is written', () => {
  const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

  /** Two clusters that allow everything but these. */
  async function check(...denied: readonly string[]): Promise<void> {
    const urls = await Promise.all(
      [EAST, WEST].map(async (name) => {
        const api = opened.add(await kubeApi());
        api.intercept = ({ path, body }, response) => {
          if (path !== REVIEWS) return false;
          const { verb, resource } = (
            JSON.parse(body) as { spec: { resourceAttributes: { verb: string; resource: string } } }
          ).spec.resourceAttributes;
          response.end(
            JSON.stringify({ status: { allowed: !denied.includes(`${name} ${verb} ${resource}`) } }),
          );
          return true;
        };
        return [name, api.url] as const;
      }),
    );
    const fleet = opened.add(
      Fleet.open(kubeconfigFor(Object.fromEntries(urls)), [EAST, WEST], new AbortController().signal),
    );
    await preflight(fleet, release(), [...CHANGES, change('update', virtualService([]), WEST)]);
  }

  test('all is well where all is allowed', async () => {
    await expect(check()).resolves.toBeUndefined();
  });

  test('every right that is missing is told, by cluster', async () => {
    await expect(
      check('east create namespaces', 'west update virtualservices', 'west create leases'),
    ).rejects.toThrow(
      [
        'The user of the kubeconfig lacks these permissions. Grant them, and run again; nothing has been written:',
        '- west: create Lease in gray-demo',
        '- east: create Namespace',
        '- west: update VirtualService in gray-demo',
      ].join('\n'),
    );
  });
});
