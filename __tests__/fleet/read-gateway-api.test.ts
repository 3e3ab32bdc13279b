import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readGatewayApi } from '../../src/fleet/read/gateway-api.ts';
import type { GatewayApiState } from '../../src/gateway-api/state.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { TrafficSpec } from '../../src/release/release.ts';
import '../support/one-realm.ts';
import { attachedRoute, kubeGateway, referenceGrant } from '../support/gateways.ts';
import { clusterAt, kubeApi, refuse } from '../support/kube-api.ts';
import { APP, NAMESPACE } from '../support/objects.ts';
import { release } from '../support/release.ts';
import { Opened } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const GROUP = '/apis/gateway.networking.k8s.io';
const PLURALS = {
  httproutes: 'HTTPRoute',
  grpcroutes: 'GRPCRoute',
  gateways: 'Gateway',
  referencegrants: 'ReferenceGrant',
} as const;

const OWN = attachedRoute();
const ELSEWHERE = { ...OWN, metadata: { name: 'cart', namespace: 'other' } };
const HELD: readonly KubeObject[] = [
  OWN,
  ELSEWHERE,
  kubeGateway([]),
  { ...kubeGateway([]), metadata: { name: 'inner', namespace: NAMESPACE } },
  referenceGrant('certs', { kind: 'Gateway', namespace: 'edge' }, { kind: 'Secret' }),
];

/** What the user may not do: look up the kinds, list a kind in all namespaces or in one as well, or get one of its objects. */
type Denied = 'discovery' | `${'all' | 'list' | 'get'} ${keyof typeof PLURALS}`;

/** Reads a cluster that serves the Gateway API to a user who lacks some permissions. */
async function read(
  denied: readonly Denied[],
  traffic: Partial<TrafficSpec> = { httpRoute: APP },
  namespace = NAMESPACE,
): Promise<GatewayApiState | undefined> {
  const api = await kubeApi();
  const send = (response: ServerResponse, body: unknown): boolean => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
    return true;
  };
  api.intercept = ({ path: asked }, response) => {
    const path = asked.split('?')[0] ?? '';
    if (!path.startsWith(GROUP)) return false;
    const [, namespace, plural = '', name] =
      /\/v1(?:beta1)?(?:\/namespaces\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
    const kind = Object.entries(PLURALS).find(([known]) => known === plural)?.[1];
    const deny = (verb: string): boolean => {
      refuse(response, 403, 'Forbidden', `${plural} is forbidden: User "ci" cannot ${verb} resource`);
      return true;
    };
    if (kind === undefined) {
      const kinds = Object.entries(PLURALS).map(([one, served]) => ({
        name: one,
        kind: served,
        namespaced: true,
      }));
      return denied.includes('discovery')
        ? deny('get path')
        : send(response, { kind: 'APIResourceList', resources: kinds });
    }
    const held = HELD.filter(
      (one) => one.kind === kind && (namespace === undefined || one.metadata.namespace === namespace),
    );
    const isDenied = (verb: 'all' | 'list' | 'get'): boolean =>
      denied.some((one) => one === `${verb} ${plural}`);
    if (name !== undefined) {
      if (isDenied('get')) return deny('get');
      const [found] = held.filter(({ metadata }) => metadata.name === name);
      if (found === undefined) refuse(response, 404, 'NotFound', 'not found');
      else send(response, found);
      return true;
    }
    if (isDenied('list') || (namespace === undefined && isDenied('all'))) return deny('list');
    return send(response, { kind: 'List', metadata: {}, items: held });
  };
  opened.add(api);
  const cluster = clusterAt(api.url);
  opened.add(cluster);
  return readGatewayApi(cluster, release({ namespace, traffic }));
}

const namesOf = (found: readonly KubeObject[] = []): readonly string[] =>
  found.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);

describe('a user who lacks permissions for the Gateway API', () => {
  test('and lacks none reads all of it', async () => {
    const state = await read([]);
    expect(namesOf(state?.httpRoutes)).toEqual([`${NAMESPACE}/${APP}`, 'other/cart']);
    expect(namesOf(state?.gateways)).toEqual(['edge/public', `${NAMESPACE}/inner`]);
    expect(state).toMatchObject({ unlisted: [], unread: [] });
  });

  test('may list HTTPRoutes of the own namespace alone: the others are noted', async () => {
    const state = await read(['all httproutes']);
    expect(namesOf(state?.httpRoutes)).toEqual([`${NAMESPACE}/${APP}`]);
    expect(state).toMatchObject({ unlisted: ['HTTPRoute'], unread: [] });
  });

  test('may list no HTTPRoute: a release by one is refused, by name', async () => {
    await expect(read(['list httproutes'])).rejects.toThrow(
      /Listing HTTPRoutes.* in west: httproutes is forbidden: User "ci" cannot list resource \(403 Forbidden\)\. Grant this/,
    );
    const other = await read(['list httproutes'], {});
    expect(other).toMatchObject({ httpRoutes: [], unread: ['HTTPRoute'] });
  });

  test('may not look up the kinds: the same', async () => {
    await expect(read(['discovery'])).rejects.toThrow(/Looking up the kinds of gateway.networking.k8s.io/);
    await expect(read(['discovery'], {})).resolves.toMatchObject({ served: {}, unread: ['HTTPRoute'] });
  });

  test('may list Gateways of the own namespace alone, or none: that of the route is read by name', async () => {
    const own = await read(['all gateways']);
    expect(namesOf(own?.gateways)).toEqual([`${NAMESPACE}/inner`, 'edge/public']);
    expect(own).toMatchObject({ unlisted: ['Gateway'], unread: [] });
    const none = await read(['list gateways']);
    expect(namesOf(none?.gateways)).toEqual(['edge/public']);
    expect(none).toMatchObject({ unlisted: [], unread: ['Gateway'] });
    const unseen = await read(['list gateways', 'get gateways']);
    expect(unseen).toMatchObject({ gateways: [], unread: ['Gateway'] });
  });

  test('and releases by a VirtualService beside HTTPRoutes of others: the Gateways of these are noted', async () => {
    const beside = async (...denied: readonly Denied[]): Promise<GatewayApiState | undefined> =>
      read([...denied, 'list referencegrants', 'get gateways'], {}, 'shop');
    expect(namesOf((await beside())?.gateways)).toEqual(['edge/public', `${NAMESPACE}/inner`]);
    expect(await beside()).toMatchObject({ unlisted: [], unread: [] });
    expect(await beside('all gateways')).toMatchObject({ gateways: [], unlisted: ['Gateway'], unread: [] });
    expect(await beside('list gateways')).toMatchObject({ gateways: [], unread: ['Gateway'] });
  });

  test('and releases by a VirtualService where no route is listed: no Gateway is asked for', async () => {
    const alone = await read(['all httproutes', 'list grpcroutes', 'list gateways'], {}, 'shop');
    expect(alone).toMatchObject({ gateways: [], unlisted: ['HTTPRoute'], unread: ['GRPCRoute'] });
  });

  test('may list no ReferenceGrant, or no GRPCRoute: that is noted', async () => {
    const state = await read(['list referencegrants', 'list grpcroutes']);
    expect(state).toMatchObject({ referenceGrants: [], unread: ['GRPCRoute', 'ReferenceGrant'] });
    expect(await read(['all referencegrants'])).toMatchObject({ unlisted: ['ReferenceGrant'] });
  });
});
