import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { atOnce } from '../../src/core/pieces.ts';
import { comparing, writingYaml } from '../../src/report/difference.ts';
import { nameOf } from '../../src/kubernetes/objects.ts';

function configMap(
  data: Readonly<Record<string, string>>,
  metadata: Readonly<Record<string, unknown>> = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, name: 'settings', namespace: 'demo' },
    data,
  };
}

const differenceOf = (before: KubeObject | undefined, after: KubeObject | undefined): string =>
  atOnce(
    comparing(
      nameOf(after ?? before ?? configMap({})),
      before && atOnce(writingYaml(before)),
      after && atOnce(writingYaml(after, before)),
    ),
  );

/** The removed and added lines of a diff. */
function changed(diff: string): readonly string[] {
  return diff.split('\n').filter((line) => /^[-+](?![-+]{2} )/.test(line));
}

describe('the difference of an object', () => {
  test('is a unified diff of its YAML', () => {
    expect(differenceOf(configMap({ color: 'blue' }), configMap({ color: 'red' }))).toBe(
      [
        '--- ConfigMap demo/settings',
        '+++ ConfigMap demo/settings',
        '@@ -1,7 +1,7 @@',
        ' apiVersion: v1',
        ' data:',
        '-  color: blue',
        '+  color: red',
        ' kind: ConfigMap',
        ' metadata:',
        '   name: settings',
        '   namespace: demo',
      ].join('\n'),
    );
  });

  test('of a created object shows all of it', () => {
    const diff = differenceOf(undefined, configMap({ color: 'red' }));
    expect(diff).toMatch(/^--- \/dev\/null\n\+\+\+ ConfigMap demo\/settings\n/);
    expect(changed(diff)).toHaveLength(7);
  });

  test('of a deleted object shows all of it', () => {
    const diff = differenceOf(configMap({ color: 'red' }), undefined);
    expect(diff).toMatch(/^--- ConfigMap demo\/settings\n\+\+\+ \/dev\/null\n/);
    expect(changed(diff)).toHaveLength(7);
  });

  test('omits server-managed fields', () => {
    const kept = (n: number): KubeObject => ({
      ...configMap(
        {},
        {
          uid: `u${String(n)}`,
          resourceVersion: String(n),
          generation: n,
          creationTimestamp: `t${String(n)}`,
          managedFields: [{ manager: `m${String(n)}` }],
        },
      ),
      status: { n },
    });
    expect(differenceOf(kept(1), kept(2))).toBe('');
  });

  test('ignores the order of keys', () => {
    expect(differenceOf(configMap({ a: '1', b: '2' }), configMap({ b: '2', a: '1' }))).toBe('');
  });

  test('does not let a value start a line', () => {
    const diff = differenceOf(
      undefined,
      configMap({ a: 'x\r::error::y', b: '::set-output::', c: 'long '.repeat(60) }),
    );
    for (const line of diff.split('\n')) expect(line).toMatch(/^([-+@ ]|---|\+\+\+)[^\r]*$/);
  });
});

describe('the difference of a Secret', () => {
  function secret(
    field: 'data' | 'stringData',
    values: Readonly<Record<string, string>>,
    annotations = {},
  ): KubeObject {
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'login', namespace: 'demo', annotations },
      [field]: values,
    };
  }

  test('marks changed values without showing them', () => {
    const diff = differenceOf(
      secret('data', { same: 'c2FtZQ==', other: 'b25l', gone: 'Z29uZQ==' }),
      secret('data', { same: 'c2FtZQ==', other: 'dHdv', fresh: 'bmV3' }),
    );
    expect(changed(diff).toSorted()).toEqual(
      ["-  gone: '***'", "+  fresh: '***'", "-  other: '***'", "+  other: '*** (changed)'"].toSorted(),
    );
    expect(diff).not.toMatch(/c2FtZQ|b25l|dHdv|Z29uZQ|bmV3/);
  });

  test('of a created Secret shows only its keys', () => {
    expect(differenceOf(undefined, secret('stringData', { password: 't0p' }))).not.toContain('t0p');
  });

  test('hides copies of its values in annotations', () => {
    const copy = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"dDBw"}}' };
    expect(differenceOf(undefined, secret('data', { password: 'dDBw' }, copy))).not.toContain('dDBw');
  });
});
