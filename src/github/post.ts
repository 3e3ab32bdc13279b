import { Fleet } from '../fleet/fleet.ts';
import { recoverOwn } from '../operations/transaction.ts';
import { allClusters } from '../release/release.ts';
import { RunLog } from '../report/run-log.ts';
import { emptyRecord } from '../report/run-record.ts';
import { readJob } from './job.ts';
import type { Job } from './job.ts';
import { jobLog } from './job-log.ts';
import { runner } from './runner.ts';
import { STATE, cancellation, identityOf, runStep } from './step.ts';

/** Recovers and announces what the main step left undone, if it was killed or could not finish. */
export async function postStep(): Promise<void> {
  await runStep('What the main step left could not be recovered', async () => {
    const holder = runner.getState(STATE.holder);
    const recovered = runner.getState(STATE.recovered) === 'true';
    const announced = runner.getState(STATE.announced) === 'true';
    // Without a holder, the main step began nothing.
    if (holder === '' || (recovered && announced)) return;
    const job = await readJob();
    try {
      if (!recovered) await recoverMainStep(job, holder);
    } finally {
      if (!announced) await announceEnd(job, recovered);
    }
  });
}

async function recoverMainStep({ release, kubeconfig }: Job, holder: string): Promise<void> {
  const { signal, release: stopListening } = cancellation();
  const fleet = Fleet.open(kubeconfig, allClusters(release), signal);
  try {
    const identity = { ...identityOf(''), holder };
    const concluded = runner.getState(STATE.concluded) || undefined;
    await recoverOwn({ release, fleet, recorder: new RunLog(), identity, log: jobLog, signal }, concluded);
  } finally {
    stopListening();
    await fleet.close();
  }
}

/** Otherwise the commit status would be pending forever. */
async function announceEnd({ operation, release, announcer }: Job, ended: boolean): Promise<void> {
  const failure = ended
    ? 'GitHub did not take the result when the run ended; its log has it.'
    : 'The run was killed before it could report its result; its log shows how far it came.';
  await announcer?.end({ ...emptyRecord(operation, release.app, release.namespace), failure }, false);
}
