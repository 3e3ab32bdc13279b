import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import ts from 'typescript';

/** What a run needs only after its first call to an API server. CommonJS, because modules are required synchronously. */
const LATER = 'later.cjs';

/**
 * Put ahead of the bundle. The file is read while the first call waits for its answer, and not when one of its modules is needed: then it
 * may be gone, with weights half written.
 */
const LATER_MODULES = `
import { createRequire as requireFrom } from 'node:module';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
const laterModules = () => requireFrom(import.meta.url)('./${LATER}');
const evaluateLater = (id, given) => laterModules()[id].apply(given[0].exports, given);
const readLater = () => {
  unsubscribe('net.client.socket', readLater);
  setImmediate(laterModules);
};
subscribe('net.client.socket', readLater);
`;

/** A plan, the operation that needs the most before its first call, of a cluster that nobody serves. */
const FIRST_CALL = {
  INPUT_OPERATION: 'plan',
  INPUT_APP: 'app',
  INPUT_NAMESPACE: 'default',
  INPUT_CLUSTERS: 'none',
  INPUT_IMAGE: 'v1=image:1',
  INPUT_PORT: '80',
  INPUT_VERSION: 'v1',
  INPUT_KUBECONFIG: JSON.stringify({
    clusters: [{ name: 'none', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'none', user: { token: 'none' } }],
    contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
  }),
};

/** Loaded by that run: writes what it has evaluated by then, and ends it. */
const PROBE = `
import { subscribe } from 'node:diagnostics_channel';
import { takeCoverage } from 'node:v8';
subscribe('net.client.socket', () => {
  takeCoverage();
  process.kill(process.pid, 'SIGKILL');
});`;

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
    }[];
  }[];
}

/** A module of the bundle: a function in a table. */
interface Module {
  readonly id: string;
  readonly code: string;
  readonly start: number;
}

/**
 * Moves the modules that a run does not need before its first call into a file of their own, since every start parses what is in
 * `action.js`. The modules that stay are put in parentheses: V8 then compiles them while it parses the file, and does not parse them again.
 * @param folder with `main.js`, and the bundle as ncc makes it in `action.js`
 * @throws Error where the bundle has another form, or never calls an API server
 */
export async function splitBundle(folder: string): Promise<void> {
  const file = join(folder, 'action.js');
  const code = await readFile(file, 'utf8');
  const table = moduleTable(code);
  const evaluated = await evaluatedAtFirstCall(folder);
  const modules = table.properties.map((property) => moduleOf(property, code));
  const staysHere = (module: Module): boolean =>
    evaluated.has(module.start) || module.code.includes('import.meta');

  const here = modules.map((module) =>
    staysHere(module)
      ? `${module.id}:(${module.code})`
      : `${module.id}:(...given)=>evaluateLater(${module.id},given)`,
  );
  const later = modules.filter((module) => !staysHere(module)).map((module) => `${module.id}:${module.code}`);
  await writeFile(
    file,
    [LATER_MODULES, code.slice(0, table.getStart()), `{${here.join(',')}}`, code.slice(table.getEnd())].join(
      '',
    ),
  );
  // As modules of ECMAScript are, which these were written as.
  await writeFile(join(folder, LATER), `"use strict";module.exports={${later.join(',')}};`);
}

function moduleTable(code: string): ts.ObjectLiteralExpression {
  const { statements } = ts.createSourceFile('action.js', code, ts.ScriptTarget.Latest, true);
  for (const statement of statements) {
    const table = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations[0]?.initializer
      : undefined;
    if (table !== undefined && ts.isObjectLiteralExpression(table)) return table;
  }
  throw new Error('The bundle has no table of modules');
}

function moduleOf(property: ts.ObjectLiteralElementLike, code: string): Module {
  if (!ts.isPropertyAssignment(property)) throw new Error(`Not a module: ${property.getText().slice(0, 80)}`);
  const { name, initializer } = property;
  const [start, end] = [initializer.getStart(), initializer.getEnd()];
  return { id: name.getText(), code: code.slice(start, end), start };
}

/** Where the functions begin that a run has called by its first call to an API server. */
async function evaluatedAtFirstCall(folder: string): Promise<ReadonlySet<number>> {
  const work = await mkdtemp(join(tmpdir(), 'first-call-'));
  try {
    const env = { HOME: work, NODE_V8_COVERAGE: work, ...FIRST_CALL };
    const probe = `--import=data:text/javascript,${encodeURIComponent(PROBE)}`;
    const options = { env, extendEnv: false, cwd: work, reject: false } as const;
    const { signal, stdout } = await execa(process.execPath, [probe, join(folder, 'main.js')], options);
    if (signal !== 'SIGKILL') throw new Error(`The bundle calls no API server:\n${stdout}`);
    const [name = ''] = (await readdir(work)).filter((one) => one.startsWith('coverage-'));
    const { result } = JSON.parse(await readFile(join(work, name), 'utf8')) as Coverage;
    const url = pathToFileURL(join(folder, 'action.js')).href;
    const functions = result.find((one) => one.url === url)?.functions ?? [];
    return new Set(
      functions.flatMap(({ ranges: [whole] }) =>
        whole !== undefined && whole.count > 0 ? [whole.startOffset] : [],
      ),
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
