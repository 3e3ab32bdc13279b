import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What is measured: a checkout with its node_modules, and the action bundled from it. */
export interface Subject {
  readonly root: string;
  readonly bundle: string;
}

/** @param root of this repository or of another checkout of it */
export async function subjectAt(root: string): Promise<Subject> {
  const { freshBundle } = (await moduleIn(root, 'testbed/fresh-bundle.ts')) as {
    readonly freshBundle: () => Promise<string>;
  };
  return { root, bundle: await freshBundle() };
}

/** A module of a checkout; what it exports is up to the caller to know. */
export async function moduleIn(root: string, path: string): Promise<unknown> {
  return import(pathToFileURL(join(root, path)).href);
}
