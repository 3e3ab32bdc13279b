import { afterEach, describe, expect, test } from '@jest/globals';
import { applyAsPlanned } from '../../src/fleet/apply-as-planned.ts';
import type { KubeObject, ObjectMeta } from '../../src/kubernetes/objects.ts';
import { withRecoveryMark } from '../../src/release/recovery-mark.ts';
import '../support/one-realm.ts';
import { clusterAt, kubeApi, pathOf } from '../support/kube-api.ts';
import type { KubeApi } from '../support/kube-api.ts';
import { Opened } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

/** A Deployment whose image the action declares. */
function deployment(image: string, meta: Partial<ObjectMeta> = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'helloworld-v2',
      namespace: 'gray-demo',
      managedFields: [
        { manager: 'multicluster-canary', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:image': {} } } },
      ],
      ...meta,
    },
    spec: { image },
  };
}

const PLANNED: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'helloworld-v2', namespace: 'gray-demo' },
  spec: { image: 'new' },
};
const PATH = pathOf(PLANNED);
const EARLIER = deployment('old', { uid: 'first', resourceVersion: '3' });

/** @param live none where the object does not exist */
async function applied(live: KubeObject | undefined, earlier: KubeObject | undefined): Promise<KubeApi> {
  const api = opened.add(await kubeApi());
  if (live !== undefined) api.objects.set(PATH, live);
  await applyAsPlanned(opened.add(clusterAt(api.url)), PLANNED, earlier);
  return api;
}

const imageIn = ({ objects }: KubeApi): unknown =>
  (objects.get(PATH)?.['spec'] as { image?: unknown } | undefined)?.image;
const REFUSED = 'Applying Deployment gray-demo/helloworld-v2 in west: the object has been modified';

describe('an apply', () => {
  test('is made in one call if nothing was written since it was planned', async () => {
    const api = await applied(EARLIER, EARLIER);
    expect([imageIn(api), api.writes.length]).toEqual(['new', 1]);
  });

  test('is made if others have written their own fields since', async () => {
    const scaled = { ...EARLIER, metadata: { ...EARLIER.metadata, resourceVersion: '4' } };
    expect(imageIn(await applied({ ...scaled, status: { replicas: 3 } }, EARLIER))).toBe('new');
  });

  test('creates an object that did not exist', async () => {
    expect(imageIn(await applied(undefined, undefined))).toBe('new');
  });

  test('is made if a controller has created the object since, as the ServiceAccount of a new namespace', async () => {
    const { managedFields: _, ...metadata } = EARLIER.metadata;
    expect(imageIn(await applied({ ...EARLIER, metadata }, undefined))).toBe('new');
  });

  test.each<[string, KubeObject | undefined, KubeObject | undefined]>([
    [
      'whose fields another run has written',
      deployment('newer', { uid: 'first', resourceVersion: '4' }),
      EARLIER,
    ],
    [
      'that a recovery has marked',
      withRecoveryMark({ ...EARLIER, metadata: { ...EARLIER.metadata, resourceVersion: '4' } }, 'run/1/a'),
      EARLIER,
    ],
    ['that was made anew', deployment('old', { uid: 'second', resourceVersion: '4' }), EARLIER],
    ['that did not exist when it was planned', deployment('newer', { resourceVersion: '4' }), undefined],
    [
      'that others have created since, and a recovery has marked',
      withRecoveryMark({ ...PLANNED, metadata: { ...PLANNED.metadata, resourceVersion: '4' } }, 'run/1/a'),
      undefined,
    ],
    ['that was deleted since', undefined, EARLIER],
  ])('of an object %s is refused', async (_what, live, earlier) => {
    await expect(applied(live, earlier)).rejects.toThrow(REFUSED);
  });

  test('that an earlier attempt has made already is done', async () => {
    const { managedFields: _, ...metadata } = EARLIER.metadata;
    const live = { ...PLANNED, metadata: { ...metadata, resourceVersion: '4' } };
    const api = await applied(live, EARLIER);
    expect(api.writes.filter((write) => !write.includes('dryRun'))).toHaveLength(1);
  });

  test('of fields with other owners is refused at once', async () => {
    const api = opened.add(await kubeApi(EARLIER));
    api.intercept = ({ method }, response) => {
      if (method !== 'PATCH') return false;
      const causes = [
        { reason: 'FieldManagerConflict', field: '.spec.image', message: 'conflict with "kubectl"' },
      ];
      response.writeHead(409, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', reason: 'Conflict', details: { causes } }));
      return true;
    };
    await expect(applyAsPlanned(opened.add(clusterAt(api.url)), PLANNED, EARLIER)).rejects.toThrow(
      'fields have other owners: .spec.image',
    );
    expect(api.writes).toHaveLength(1);
  });
});
