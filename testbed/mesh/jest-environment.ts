import { TestEnvironment } from 'jest-environment-node';
import type { KeptMesh } from './kept-mesh.ts';

/** Outlives the test files, each of which has modules and globals of its own. */
const kept: { mesh?: KeptMesh } = {};

/** Lets the scenario files of one process share a mesh: its start takes longer than many a scenario. */
export default class extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    this.global['keptMesh'] = kept;
  }
}
