import type { ChildProcess } from 'node:child_process';
import type { MeshDescription, MeshOptions } from './mesh.ts';

/** A mesh that runs on, for the next test file that wants one like it. */
export interface KeptMesh {
  readonly child: ChildProcess;
  readonly options: MeshOptions;
  readonly description: MeshDescription;
}

declare global {
  /** Set by `jest-environment.ts`; elsewhere every mesh ends when it is stopped. */
  var keptMesh: { mesh?: KeptMesh } | undefined;
}

/** Keeps a mesh for others. Its process does not keep this one alive, and ends with it. */
export function keep(mesh: KeptMesh): boolean {
  if (globalThis.keptMesh === undefined) return false;
  mesh.child.unref();
  mesh.child.channel?.unref();
  globalThis.keptMesh.mesh = mesh;
  return true;
}

/** The mesh that was kept, if there is one; it is not kept any longer. */
export function takeKept(): KeptMesh | undefined {
  const mesh = globalThis.keptMesh?.mesh;
  if (mesh === undefined) return undefined;
  delete globalThis.keptMesh?.mesh;
  mesh.child.ref();
  mesh.child.channel?.ref();
  return mesh;
}
