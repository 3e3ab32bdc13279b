import { EventSender } from '../fleet/event-sender.ts';
import { Fleet } from '../fleet/fleet.ts';
import { recoverOwn } from '../operations/transaction.ts';
import { allClusters } from '../release/release.ts';
import { RunLog } from '../report/run-log.ts';
import { emptyRecord } from '../report/run-record.ts';
import { githubHost } from './github-host.ts';
import type { Host } from './host.ts';
import { readJob } from './job.ts';
import type { Job } from './job.ts';
import { STATE, cancellation, exitSoon, identityOf, runStep } from './step.ts';

/** The post step of the action. */
export async function postStep(): Promise<void> {
  await finishJob(githubHost);
  exitSoon();
}

/** Recovers and announces what the main step left undone, if it was killed or could not finish. */
export async function finishJob(host: Host): Promise<void> {
  await runStep(host, 'What the run left could not be recovered', async () => {
    const holder = host.getState(STATE.holder);
    const recovered = host.getState(STATE.recovered) === 'true';
    const announced = host.getState(STATE.announced) === 'true';
    // Without a holder, the main step began nothing.
    if (holder === '' || (recovered && announced)) return;
    const job = await readJob(host);
    try {
      if (!recovered) await recoverMainStep(host, job, holder);
    } finally {
      if (!announced) await announceEnd(job, recovered);
    }
  });
}

async function recoverMainStep(host: Host, { release, kubeconfig }: Job, holder: string): Promise<void> {
  const { log } = host;
  const { signal, release: stopListening } = cancellation();
  const fleet = Fleet.open(kubeconfig, allClusters(release), signal);
  const identity = { ...identityOf(''), holder };
  const events = new EventSender(fleet, holder);
  try {
    const concluded = host.getState(STATE.concluded) || undefined;
    await recoverOwn({ release, fleet, recorder: new RunLog(), identity, log, signal, events }, concluded);
  } finally {
    for (const sentence of await events.settle(signal)) log.info(sentence);
    stopListening();
    await fleet.close();
  }
}

/** Otherwise the commit status would be pending forever. */
async function announceEnd({ operation, release, language, announcer }: Job, ended: boolean): Promise<void> {
  const failure = ended
    ? 'GitHub did not take the result when the run ended; its log has it.'
    : 'The run was killed before it could report its result; its log shows how far it came.';
  const record = emptyRecord(operation, release.app, release.namespace, { language });
  await announcer?.end({ ...record, failure }, false);
}
