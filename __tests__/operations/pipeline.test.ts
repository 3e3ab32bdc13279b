import { describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { Fleet } from '../../src/fleet/fleet.ts';
import type { Context } from '../../src/operations/context.ts';
import { runPipeline } from '../../src/operations/pipeline.ts';
import type { Stages } from '../../src/operations/pipeline.ts';
import type { Applied, Checked, Prepared } from '../../src/operations/stages.ts';
import { observe } from '../../src/release/observation.ts';
import { RunLog } from '../../src/report/run-log.ts';
import { release, weights } from '../support/release.ts';

const CLUSTERLESS = release({ clusters: [], configClusters: [], placement: new Map() });
const TARGET = weights({ v1: 80, v2: 20 });
const context: Context = {
  release: CLUSTERLESS,
  fleet: Fleet.open(new KubeConfig(), [], new AbortController().signal),
  recorder: new RunLog(),
  identity: { holder: 'test', run: 'a test' },
  log: {
    info: () => undefined,
    warn: () => undefined,
    warnOnce: () => undefined,
    progress: () => undefined,
    group: (_, work) => work(),
  },
  signal: new AbortController().signal,
};
const prepared: Prepared<{ readonly weights: typeof TARGET }> = {
  observed: observe(CLUSTERLESS, new Map()),
  leases: new Map(),
  plan: { weights: TARGET },
  changes: [],
  target: { target: TARGET, previous: undefined, direction: 'forward', history: [], objects: [] },
  targets: [],
};

/** Stages of a plan that has nothing to write, with the names of those that ran and what the last was given. */
function stages(failure?: Applied['failure']): {
  readonly own: Stages<{ readonly weights: typeof TARGET }, Applied>;
  readonly ran: string[];
  readonly checked: Checked[];
} {
  const ran: string[] = [];
  const checked: Checked[] = [];
  return {
    ran,
    checked,
    own: {
      prepare: () => {
        ran.push('prepare');
        return Promise.resolve(prepared);
      },
      apply: () => {
        ran.push('apply');
        return Promise.resolve({ written: [], failure });
      },
      bakeMs: 0,
      judgesMetrics: true,
      conclude: (_, step) => {
        ran.push('conclude');
        checked.push(step.checked);
        return Promise.resolve();
      },
      whenOvertaken: 'leave',
      recovery: { repairs: false, bakeMs: 0 },
    },
  };
}

describe('the pipeline', () => {
  test('hands a plan with nothing to write through every stage, without a lock', async () => {
    const { own, ran, checked } = stages();
    await expect(runPipeline(context, own)).resolves.toEqual({ kind: 'done', verdict: undefined });
    expect(ran).toEqual(['prepare', 'apply', 'conclude']);
    expect(checked).toEqual([{ kind: 'unverified' }]);
  });

  test('concludes what failed before its error goes on', async () => {
    const error = new Error('west does not answer');
    const { own, ran, checked } = stages({ kind: 'failed', error });
    await expect(runPipeline(context, own)).rejects.toBe(error);
    expect(ran).toEqual(['prepare', 'apply', 'conclude']);
    expect(checked).toEqual([{ kind: 'failed', error }]);
  });
});
