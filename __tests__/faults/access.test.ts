import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { startEmbedded } from '../../testbed/embedded/start.ts';
import type { EmbeddedFleet } from '../../testbed/embedded/start.ts';
import { Stage } from '../scenarios/support/stage.ts';
import { NAMESPACE, image, namespace } from '../scenarios/support/objects.ts';

/**
 * Granted for what a good run does not come to: an answer that got lost (the object is read again), a node port, pods that
 * are deployed for a version with users, a user who may not list the routes of all namespaces, replicas that are asked for, traffic objects of
 * other namespaces, for which the mesh's defaults matter.
 */
const SELDOM = [
  'get virtualservices gray-demo',
  'get destinationrules gray-demo',
  'get gateways gray-demo',
  'list gateways gray-demo',
  'list nodes',
  'list virtualservices gray-demo',
  'list destinationrules gray-demo',
  'create pods gray-demo',
  'list horizontalpodautoscalers gray-demo',
  'get configmaps istio-system',
];

const role = z.object({
  kind: z.string(),
  metadata: z.object({ namespace: z.string().optional() }),
  rules: z
    .array(
      z.object({
        apiGroups: z.array(z.string()),
        resources: z.array(z.string()),
        verbs: z.array(z.string()),
      }),
    )
    .optional(),
});

/** `list services istio-system`, without the namespace where it holds for all. */
const granted = loadAll(
  readFileSync(new URL('../../examples/rbac/access.yaml', import.meta.url), 'utf8'),
).flatMap((document) => {
  const { metadata, rules = [] } = role.parse(document);
  return rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) =>
      verbs.map((verb) =>
        [verb, resource, ...(metadata.namespace === undefined ? [] : [metadata.namespace])].join(' '),
      ),
    ),
  );
});

let fleet: EmbeddedFleet;
let stage: Stage;
beforeAll(async () => {
  fleet = await startEmbedded();
  stage = new Stage(fleet);
});
afterEach(() => fleet.reset());
afterAll(() => fleet.stop());

test('the roles of examples/rbac grant what a whole release needs, and nothing else', async () => {
  await stage.everywhere(namespace());
  const before = fleet.calls.length;
  await stage.pass({ operation: 'plan', weights: 'v1=80,v2=20' });
  await stage.pass({ weights: 'v1=80,v2=20' });
  await stage.pass({ operation: 'rollback', weights: 'v1=100,v2=0' });
  await stage.pass({ operation: 'promote', steps: '100' });
  await stage.pass({ operation: 'retire', version: 'v1' });
  await stage.pass({ operation: 'status' });
  const used = new Set<string>();
  const missing = new Set<string>();
  for (const { verb, kind, namespace: where } of fleet.calls.slice(before)) {
    // What every account may do that the API server knows.
    if (/^(API|SelfSubjectAccessReview)/.test(kind)) continue;
    // An apply may have to create.
    for (const each of verb === 'patch' ? ['patch', 'create'] : [verb]) {
      const everywhere = `${each} ${kind.toLowerCase()}s`;
      const here = where === undefined ? everywhere : `${everywhere} ${where}`;
      const by = [here, everywhere].filter((one) => granted.includes(one));
      if (by.length === 0) missing.add(here);
      for (const one of by) used.add(one);
    }
  }
  expect([...missing]).toEqual([]);
  expect(granted.filter((one) => !used.has(one)).toSorted()).toEqual(SELDOM.toSorted());
  expect(granted).toContain(`list pods ${NAMESPACE}`);
});

test('whether a version with users gets sidecars is asked of each injector once, or read from labels without the right to create pods', async () => {
  const only = { version: 'v1', image: image('v1'), 'config-clusters': 'east, west' };
  const asked = (): number =>
    fleet.calls.filter(({ kind, verb, cluster }) => kind === 'Pod' && verb === 'create' && cluster === 'west')
      .length;
  await stage.east.create(namespace());
  await stage.west.create(namespace({}));
  await stage.pass({ ...only, clusters: 'v1: east' });
  expect(asked()).toBe(0);
  const allow = fleet.deny('west', { kind: 'Pod', verbs: ['create'] });
  const refused = await stage.run({ ...only, clusters: 'v1: east, west' });
  expect(refused.log).toContain('in west would create pods without a sidecar, and v1 has users');
  const told = await stage.pass({ ...only, clusters: 'v1: east, west', injection: 'enabled' });
  expect(told.outputs['verdict']).toBe('pass');
  allow();
  const before = asked();
  await stage.pass({ ...only, clusters: 'v1: east, west', replicas: '2' });
  expect(asked() - before).toBe(1);
});
