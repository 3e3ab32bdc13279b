import { expect, test } from '@jest/globals';
import { importsOf, sources } from '../support/sources.ts';

/**
 * The files of cycles of imports, and of the ways between cycles: what is left once every file that imports none of the rest,
 * or that none of the rest imports, is taken away. Imports of types count: `import-x/no-cycle` ignores them.
 */
function inCycles(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  let rest = imports;
  for (;;) {
    const imported = new Set([...rest.values()].flat());
    const kept = new Map(
      [...rest].filter(([file, targets]) => imported.has(file) && targets.some((target) => rest.has(target))),
    );
    if (kept.size === rest.size) return [...kept.keys()];
    rest = kept;
  }
}

test('the imports of src form no cycle', () => {
  expect(inCycles(new Map(sources.map((file) => [file, importsOf(file)])))).toEqual([]);
});

test('a cycle is found, without what merely imports it or is imported by it', () => {
  expect(
    inCycles(
      new Map([
        ['leaf', []],
        ['above', ['leaf', 'one']],
        ['one', ['two', 'leaf']],
        ['two', ['one']],
      ]),
    ),
  ).toEqual(['one', 'two']);
});
