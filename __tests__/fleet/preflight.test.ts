import { afterEach, describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
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
  reason: quoted(''),
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
  access.map(
    ({ cluster, verb, kind, namespace = '-', name = '*' }) =>
      `${cluster} ${verb} ${kind} ${namespace}/${name}`,
  );
const LEASE = 'multicluster-canary-helloworld';
const LOCK = [
  `east get Lease gray-demo/${LEASE}`,
  'east create Lease gray-demo/*',
  `east update Lease gray-demo/${LEASE}`,
];
/** Read again where the answer to a write is lost. */
const AGAIN = ['east get Service gray-demo/helloworld', 'east get VirtualService gray-demo/helloworld'];
const inEast = release({ configClusters: [EAST] });

describe('the rights that a run needs', () => {
  test('are those of its changes and of its lock, and to read again what it writes', () => {
    expect(told(neededAccess(inEast, { changes: CHANGES }))).toEqual([
      ...LOCK,
      'east patch Namespace -/gray-demo',
      'east create Namespace -/gray-demo',
      'east get Service gray-demo/helloworld',
      'east patch Service gray-demo/helloworld',
      'east create Service gray-demo/helloworld',
      'east get VirtualService gray-demo/helloworld',
      'east create VirtualService gray-demo/*',
      'east update VirtualService gray-demo/helloworld',
    ]);
  });

  test('are each told once', () => {
    expect(told(neededAccess(inEast, { changes: [...CHANGES, ...CHANGES] }))).toEqual(
      told(neededAccess(inEast, { changes: CHANGES })),
    );
  });

  test('leave out what a dry run has shown', () => {
    const changes = CHANGES.map((one) => ({ ...one, tried: true, before: one.object }));
    expect(told(neededAccess(inEast, { changes }))).toEqual([...LOCK, ...AGAIN]);
  });

  test('include the update of a route that the dry run had to create', () => {
    const changes = CHANGES.map((one) => ({ ...one, tried: true }));
    expect(told(neededAccess(inEast, { changes }))).toEqual([
      ...LOCK,
      ...AGAIN,
      'east update VirtualService gray-demo/helloworld',
    ]);
  });

  test('are those of the lock alone where nothing changes', () => {
    expect(told(neededAccess(inEast, { changes: [] }))).toEqual(LOCK);
  });

  test('include what an earlier run has left to restore', () => {
    const recovered = [{ cluster: EAST, object: virtualService([]) }];
    expect(told(neededAccess(inEast, { changes: [], recovered }))).toEqual([
      ...LOCK,
      'east get VirtualService gray-demo/helloworld',
      'east update VirtualService gray-demo/helloworld',
    ]);
  });

  test('include the workloads whose pods are waited for', () => {
    const workloads = [{ kind: 'Deployment', name: 'helloworld-v2' }];
    const place = { clusterId: undefined, nodes: undefined };
    const pods = { mode: 'sidecar', namespace: {} } as const;
    const ready = [{ cluster: EAST, version: 'v2', labels: {}, place, pods, workloads, gains: true }];
    expect(told(neededAccess(inEast, { changes: [], ready }))).toEqual([
      ...LOCK,
      'east get Deployment gray-demo/helloworld-v2',
    ]);
  });

  test.each<[Change['verb'], readonly string[]]>([
    ['apply', ['get', 'patch', 'create']],
    ['create', ['get', 'create']],
    ['update', ['get', 'update']],
    ['delete', ['get', 'delete']],
  ])('for %s: %j', (verb, verbs) => {
    const one = { ...change(verb, service()), before: service() };
    const access = neededAccess(release({ configClusters: [] }), { changes: [one] });
    expect(access.map((each) => each.verb)).toEqual(verbs);
  });
});

describe('before anything is written', () => {
  const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubject';
  const ALL = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

  interface Given {
    /** Single permissions that are denied, as `west update virtualservices`. */
    readonly denied?: readonly string[];
    /** The answer to the question for all rules of a namespace. */
    readonly rules?: { readonly incomplete: boolean; readonly resourceRules: readonly unknown[] };
  }

  /** Two clusters that allow everything but these; returns the questions, as `west rules gray-demo` or `west update virtualservices`. */
  async function check({ denied = [], rules }: Given): Promise<readonly string[]> {
    const questions: string[] = [];
    const urls = await Promise.all(
      [EAST, WEST].map(async (name) => {
        const api = opened.add(await kubeApi());
        api.intercept = ({ path, body }, response) => {
          if (!path.startsWith(REVIEWS)) return false;
          const { spec } = JSON.parse(body) as {
            spec: { namespace?: string; resourceAttributes?: { verb: string; resource: string } };
          };
          const { verb, resource } = spec.resourceAttributes ?? {
            verb: 'rules',
            resource: spec.namespace ?? '',
          };
          const question = `${name} ${verb} ${resource}`;
          questions.push(question);
          const status =
            verb === 'rules'
              ? (rules ?? { incomplete: true, resourceRules: [] })
              : { allowed: !denied.includes(question) };
          response.end(JSON.stringify({ status }));
          return true;
        };
        return [name, api.url] as const;
      }),
    );
    const fleet = opened.add(
      Fleet.open(kubeconfigFor(Object.fromEntries(urls)), [EAST, WEST], new AbortController().signal),
    );
    const changes = [...CHANGES, change('update', virtualService([]), WEST)];
    await preflight(fleet, release(), { changes });
    return questions;
  }

  test('all is well where all is allowed', async () => {
    await expect(check({})).resolves.toContain('west update virtualservices');
  });

  test('one question for each cluster is enough where it knows the rules of the namespace', async () => {
    const questions = await check({ rules: { incomplete: false, resourceRules: [ALL] } });
    expect(questions.toSorted()).toEqual([
      'east create namespaces',
      'east patch namespaces',
      'east rules gray-demo',
      'west rules gray-demo',
    ]);
  });

  test('rules that are not complete decide nothing: each permission is asked for', async () => {
    const questions = await check({ rules: { incomplete: true, resourceRules: [ALL] } });
    expect(questions).toContain('west update virtualservices');
    await expect(
      check({ rules: { incomplete: true, resourceRules: [ALL] }, denied: ['west update virtualservices'] }),
    ).rejects.toThrow('- west: update virtualservices.networking.istio.io/helloworld in namespace gray-demo');
  });

  test('what the rules do not allow is missing, by name', async () => {
    const others = { ...ALL, verbs: ['get', 'create', 'patch'] };
    const otherName = { verbs: ['update'], apiGroups: ['*'], resources: ['*'], resourceNames: ['other'] };
    await expect(check({ rules: { incomplete: false, resourceRules: [others, otherName] } })).rejects.toThrow(
      [
        `- east: update leases.coordination.k8s.io/${LEASE} in namespace gray-demo`,
        '- east: update virtualservices.networking.istio.io/helloworld in namespace gray-demo',
      ].join('\n'),
    );
  });

  test('every right that is missing is told, by cluster', async () => {
    const denied = ['east create namespaces', 'west update virtualservices', 'west create leases'];
    await expect(check({ denied })).rejects.toThrow(
      [
        'The user of the kubeconfig lacks these permissions. Grant them, and run again; nothing has been written:',
        '- west: create leases.coordination.k8s.io in namespace gray-demo',
        '- west: update virtualservices.networking.istio.io/helloworld in namespace gray-demo',
        '- east: create namespaces/gray-demo',
      ].join('\n'),
    );
  });
});
