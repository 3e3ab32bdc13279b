import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LATER, Lane, QUICK } from './support/lanes.ts';

let lane: Lane;
beforeAll(async () => {
  lane = await Lane.open();
});
afterAll(() => lane.fleet.stop());

type Inputs = Readonly<Record<string, string>>;

const FIRST = 'v1=80,v2=20';
const steps = '20,50,100';

/**
 * What each operation costs each API server, at most, in calls and in those of them that write; one after the other.
 *
 * Reading the state takes 11: what tells the cluster from others, namespace, Service, Deployments, pods, VirtualServices, DestinationRules,
 * Gateways, the kinds of the Gateway API, HTTPRoutes, GRPCRoutes. Finding the ingress takes 2: its pods and its Services. Before an operation that writes, the lock is read with
 * the state (1). Taking it needs 1 question about all rights in the namespace, and 2 writes: to acquire and to release it; before the weights
 * and each stage that takes something away, it is read again. Looking again at what is in force after a write takes 3.
 * Each change of the routes is told in an Event (1 write).
 */
const COSTS: readonly (readonly [what: string, inputs: Inputs, calls: number, writes: number])[] = [
  // State, ingress, lock; a server-side dry run of the namespace; nothing else can be tried without the
  // namespace; 7 objects; the readiness of a version (2 a look, and a pod takes a few looks).
  ['plan before anything exists', { ...QUICK, operation: 'plan', weights: FIRST }, 16, 0],
  // The weights are tried once more before they are written.
  ['first install', { ...QUICK, weights: FIRST }, 51, 10],
  // State, ingress, and the dry runs of Service and Deployment.
  ['first install, again', { ...QUICK, weights: FIRST }, 16, 0],
  ['plan of what stands', { ...QUICK, operation: 'plan', weights: FIRST }, 15, 0],
  // State and ingress.
  ['verify', { ...LATER, operation: 'verify' }, 13, 0],
  // State.
  ['status', { ...LATER, operation: 'status' }, 11, 0],
  // State, ingress, lock; the route's dry run and its write; the pods of the version that gains; a look at what is in force.
  ['step', { ...LATER, weights: 'v1=70,v2=30' }, 25, 4],
  ['promote', { ...LATER, operation: 'promote', steps }, 25, 4],
  ['rollback', { ...LATER, operation: 'rollback' }, 25, 4],
  ['step to the end', { ...LATER, confidence: '90', weights: 'v1=0,v2=100' }, 25, 4],
  ['promote at the end', { ...LATER, operation: 'promote', steps }, 14, 0],
  // A step, and all VirtualServices and Services; dry run and write of the rule, and of the Deployment.
  ['retire', { ...LATER, operation: 'retire', version: 'v1' }, 31, 6],
  ['retire, again', { ...LATER, operation: 'retire', version: 'v1' }, 14, 0],
];

test.each(COSTS)('%s costs each cluster no more than it must', async (_, inputs, calls, writes) => {
  const made = await lane.callsOf(() => lane.stage.pass(inputs));
  const perCluster = ['east', 'west'].map((name) => made.filter(({ cluster }) => cluster === name));
  expect(Math.max(...perCluster.map(({ length }) => length))).toBeLessThanOrEqual(calls);
  expect(Math.max(...perCluster.map((own) => own.filter(({ write }) => write).length))).toBe(writes);
});

test('the log shows what a run cost each cluster', async () => {
  let log = '';
  const made = await lane.callsOf(async () => {
    ({ log } = await lane.stage.pass({ ...LATER, operation: 'status' }));
  });
  const east = made.filter(({ cluster }) => cluster === 'east').length;
  expect(log).toContain(`east: ${String(east)} calls, 0 writes\nwest: `);
});
