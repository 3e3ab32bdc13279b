import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { differenceOf } from '../../src/report/difference.ts';

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

/** The lines that a diff takes out and puts in. */
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

  test('that is made is all of it', () => {
    const diff = differenceOf(undefined, configMap({ color: 'red' }));
    expect(diff).toMatch(/^--- \/dev\/null\n\+\+\+ ConfigMap demo\/settings\n/);
    expect(changed(diff)).toHaveLength(7);
  });

  test('that is deleted is all of it', () => {
    const diff = differenceOf(configMap({ color: 'red' }), undefined);
    expect(diff).toMatch(/^--- ConfigMap demo\/settings\n\+\+\+ \/dev\/null\n/);
    expect(changed(diff)).toHaveLength(7);
  });

  test('leaves out what the server keeps about it', () => {
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

  test('does not depend on the order of keys', () => {
    expect(differenceOf(configMap({ a: '1', b: '2' }), configMap({ b: '2', a: '1' }))).toBe('');
  });

  test('keeps every value on lines of its own', () => {
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

  test('marks what changes, and shows no value', () => {
    const diff = differenceOf(
      secret('data', { same: 'c2FtZQ==', other: 'b25l', gone: 'Z29uZQ==' }),
      secret('data', { same: 'c2FtZQ==', other: 'dHdv', fresh: 'bmV3' }),
    );
    expect(changed(diff).toSorted()).toEqual(
      ["-  gone: '***'", "+  fresh: '***'", "-  other: '***'", "+  other: '*** (changed)'"].toSorted(),
    );
    expect(diff).not.toMatch(/c2FtZQ|b25l|dHdv|Z29uZQ|bmV3/);
  });

  test('that is made shows its keys alone', () => {
    expect(differenceOf(undefined, secret('stringData', { password: 't0p' }))).not.toContain('t0p');
  });

  test('shows no copy of its values in an annotation', () => {
    const copy = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"dDBw"}}' };
    expect(differenceOf(undefined, secret('data', { password: 'dDBw' }, copy))).not.toContain('dDBw');
  });
});
