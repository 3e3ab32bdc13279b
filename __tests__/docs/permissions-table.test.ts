import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { accessObjects } from '../support/access-examples.ts';
import type { AccessFile, RbacObject } from '../support/access-examples.ts';

const FILES = [
  'access.yaml',
  'optional.yaml',
  'port-forward.yaml',
  'gateway-api.yaml',
  'pods.yaml',
] as const satisfies readonly AccessFile[];

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
/** The cells of the tables that list roles. */
const rows = page
  .split('\n')
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .filter(({ length }) => length === 4);

/** `` `get update` of virtualservices helloworld `` for each rule */
function permissionsOf({ rules = [] }: RbacObject): string {
  return rules
    .map(({ verbs, resources, resourceNames = [] }) => {
      const names = resourceNames.length === 0 ? '' : ` (${resourceNames.join(', ')})`;
      return `${resources.join(', ')}${names} \`${verbs.join(' ')}\``;
    })
    .join('; ');
}

describe.each(FILES)('the table of %s in docs/security.md', (file) => {
  const roles = accessObjects(file).filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');

  test.each(roles.map((role) => [role.metadata.name, role] as const))(
    'lists what %s grants',
    (name, role) => {
      const row = rows.find(([first]) => first === `\`${name}\``);
      const where = role.metadata.namespace === undefined ? 'cluster' : `\`${role.metadata.namespace}\``;
      expect(row?.slice(0, 3)).toEqual([`\`${name}\``, where, permissionsOf(role)]);
      expect(row?.[3]).not.toBe('');
    },
  );
});

test('the tables list no other role', () => {
  const names = FILES.flatMap((file) => accessObjects(file))
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .map(({ metadata }) => `\`${metadata.name}\``);
  const listed = rows.flatMap(([first = '']) => (first.startsWith('`multicluster-canary') ? [first] : []));
  expect(listed.toSorted()).toEqual(names.toSorted());
});
