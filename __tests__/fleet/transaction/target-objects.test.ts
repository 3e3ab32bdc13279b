import { expect, test } from '@jest/globals';
import { targetObjects } from '../../../src/fleet/transaction/target-objects.ts';
import type { TriedChange } from '../../../src/fleet/dry-run.ts';
import type { Change } from '../../../src/kubernetes/change.ts';
import { quoted } from '../../../src/texts/message.ts';
import '../../support/one-realm.ts';
import { destinationRule, service } from '../../support/objects.ts';
import { EAST, WEST } from '../../support/release.ts';

const change = (cluster: string, object: Change['object'], verb: Change['verb'] = 'delete'): Change => ({
  cluster,
  verb,
  object,
  before: undefined,
  reason: quoted(''),
});
const tried = (one: Change, live: Change['object'] | undefined): TriedChange => ({
  ...one,
  live,
  after: one.object,
  tried: true,
  missing: [],
});
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'helloworld', namespace: 'gray-demo' },
};
const RULE = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'helloworld', namespace: 'gray-demo' },
};

test('objects that changes apply to are listed once, with the clusters that have them', () => {
  const rule = destinationRule(['v1']);
  const changes = [EAST, WEST].flatMap((name) => [change(name, service()), change(name, rule)]);
  expect(targetObjects([...changes, change(EAST, { ...rule, kind: 'Sidecar' })])).toEqual([
    { clusters: [EAST, WEST], objects: [SERVICE, RULE] },
    { clusters: [EAST], objects: [{ ...RULE, kind: 'Sidecar' }] },
  ]);
});

test('an object that does not exist yet is not listed', () => {
  const applied = [EAST, WEST].map((name) => change(name, service(), 'apply'));
  const [inEast, inWest] = applied.map((one, i) => tried(one, i === 0 ? service() : undefined));
  expect(targetObjects([inEast, inWest].filter((one) => one !== undefined))).toEqual([
    { clusters: [EAST], objects: [SERVICE] },
  ]);
});
