import { describe, expect, test } from '@jest/globals';
import type { KubeObject, ManagedFields } from '../../src/kubernetes/objects.ts';
import { isTemplateOurs, sameTemplate, withEarlierTemplate } from '../../src/kubernetes/pod-templates.ts';

const CONTAINER = 'k:{"name":"hello"}';
const declared = (container: Record<string, unknown>, spec: Record<string, unknown> = {}): ManagedFields => ({
  manager: 'multicluster-canary',
  operation: 'Apply',
  fieldsV1: {
    'f:metadata': { 'f:labels': { 'f:app': {} } },
    'f:spec': {
      ...spec,
      'f:selector': {},
      'f:template': {
        'f:spec': { 'f:containers': { [CONTAINER]: { '.': {}, 'f:name': {}, ...container } } },
      },
    },
  },
});

interface Given {
  readonly image?: string;
  readonly args?: readonly string[];
  readonly replicas?: number;
  readonly fields?: ManagedFields;
  readonly version?: string;
}

/** A Deployment of ours beside whose container somebody else has put another one. */
const workload = ({ image = 'a:1', args, replicas = 1, version = '7', fields }: Given = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'hello',
    namespace: 'demo',
    labels: { app: 'hello', theirs: 'x' },
    resourceVersion: version,
    managedFields: [
      { manager: 'kubectl-edit', operation: 'Update', fieldsV1: { 'f:spec': { 'f:paused': {} } } },
      fields ?? declared({ 'f:image': {} }),
      { ...declared({ 'f:image': {} }), subresource: 'status' },
    ],
  },
  spec: {
    replicas,
    paused: false,
    selector: { matchLabels: { app: 'hello' } },
    template: {
      spec: {
        containers: [
          { name: 'proxy', image: 'p:1' },
          { name: 'hello', image, imagePullPolicy: 'Always', ...(args === undefined ? {} : { args }) },
        ],
      },
    },
  },
});

describe('what gives a workload its earlier pod template again', () => {
  const template = (container: Record<string, unknown>): object => ({
    spec: { containers: [{ name: 'hello', ...container }] },
  });

  test('declares what the action declares now, with the template from before, and guards it by the version', () => {
    expect(withEarlierTemplate(workload({ image: 'a:2', version: '9' }), workload())).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'hello', namespace: 'demo', labels: { app: 'hello' }, resourceVersion: '9' },
      spec: { selector: { matchLabels: { app: 'hello' } }, template: template({ image: 'a:1' }) },
    });
  });

  test('leaves out what this run has added to the template', () => {
    const now = workload({ image: 'a:2', args: ['-x'], fields: declared({ 'f:image': {}, 'f:args': {} }) });
    expect(withEarlierTemplate(now, workload())['spec']).toMatchObject({
      template: template({ image: 'a:1' }),
    });
    expect(JSON.stringify(withEarlierTemplate(now, workload()))).not.toContain('-x');
  });

  test('keeps the replicas as they are by now', () => {
    const fields = declared({ 'f:image': {} }, { 'f:replicas': {} });
    const before = workload({ replicas: 1, fields });
    const now = workload({ image: 'a:2', replicas: 5, fields });
    expect(withEarlierTemplate(now, before)['spec']).toMatchObject({ replicas: 5 });
  });

  test('declares no template where the action declared none before', () => {
    const before: KubeObject = { ...workload(), metadata: { name: 'hello', namespace: 'demo' } };
    expect(withEarlierTemplate(workload({ image: 'a:2' }), before)['spec']).not.toHaveProperty('template');
  });
});

describe('a pod template that this run has written', () => {
  const stored = workload({ image: 'a:2' });
  test.each<[string, KubeObject, boolean]>([
    ['is still its own', workload({ image: 'a:2', version: '8' }), true],
    ['is still its own where somebody scaled the workload', workload({ image: 'a:2', replicas: 9 }), true],
    ['is not where the image is another one', workload({ image: 'a:3' }), false],
    ['is not where somebody else owns the image', workload({ image: 'a:2', fields: declared({}) }), false],
  ])('%s', (_what, now, ours) => {
    expect(isTemplateOurs(stored, now)).toBe(ours);
  });

  test('differs from that before by its image, and not by replicas', () => {
    expect(sameTemplate(workload(), stored)).toBe(false);
    expect(sameTemplate(workload(), workload({ replicas: 3 }))).toBe(true);
  });
});
