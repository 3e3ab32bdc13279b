// Every time limit of the action. Whoever changes one sees here what else has to fit.

/** Calls to a Kubernetes API server. */
export const API = {
  /** The login command of a kubeconfig context. */
  loginMs: 30_000,
  /** Opening a connection, through a proxy where there is one. */
  connectMs: 10_000,
  /** A read, until the end of its body. */
  readMs: 15_000,
  /** A read without any answer: another attempt may find a healthy server. */
  readSilenceMs: 5_000,
  /** All pages of a list: a new page begins no later than this. */
  listMs: 120_000,
  /**
   * A write, dry runs included. Admission webhooks may take 30 s
   * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#timeouts), and only then does the
   * server answer.
   */
  writeMs: 35_000,
  /** No call is attempted again later than this, so that a dry run whose webhook times out does not take minutes. */
  retryMs: 45_000,
  /** For this long after an API server was away, it may refuse what it will allow once it has read its roles. */
  warmUpMs: 10_000,
  /** The longest `Retry-After` that is respected. */
  longestRetryAfterMs: 10_000,
};

/** Connections into pods, through an API server. */
export const FORWARD = {
  /** Until the API server and the kubelet have opened the way. */
  openMs: 10_000,
  heartbeatMs: 2_000,
  /** A way on which nothing comes back for so long, not even to a ping, is lost: shorter than a request through it may take. */
  silenceMs: 6_000,
  /** A way without connections is closed, long before anything on it would. */
  idleMs: 10_000,
  /** How long no pod may be reached, as while an API server restarts. */
  patienceMs: 60_000,
  againMs: 250,
  /** How often the pods are looked up while requests go to them. */
  lookMs: 5_000,
  /** What was seen of the pods so long ago says nothing about the next request. */
  forgetMs: 15_000,
  /** The same as `lookMs` after a failure that the end of a pod would explain. */
  lookAgainMs: 500,
};

/** Calls to GitHub's API. */
export const GITHUB = {
  connectMs: 10_000,
};

/** A login command that is ended. */
export const LOGIN = {
  /** Between asking it to end and killing it; a process that ends itself does not wait for that. */
  endMs: 500,
};

/** Until the controllers report of a route that was written whether it is in force; the first answer comes within a second. */
export const ROUTE_STATUS = {
  waitMs: 20_000,
  pollMs: 250,
};

/** Kubernetes Events on the routes: sent beside the work, and waited for at the end of a run that is not cancelled. */
export const EVENTS = {
  sendMs: 3_000,
};

/** Writes whose outcome is looked up where the answer was lost. */
export const WRITE = {
  /** No attempt begins later than this; a server that does not answer takes long to fail. */
  retryMs: API.writeMs + 5_000,
};

/** The Lease that locks a release in each cluster. */
export const LOCK = {
  /** A holder that has not renewed its Lease for this long counts as dead. */
  leaseMs: 30_000,
  renewEveryMs: 10_000,
  /** One attempt to write a Lease. */
  attemptMs: 2_000,
  /** Renewing, reading or changing the Lease of a cluster, over the restart of its API server and within the time of one renewal. */
  changeMs: 8_000,
  /** Waiting for other runs, in all clusters together. */
  waitMs: 60_000,
  pollMs: 1_000,
};

/** A renewal older than this no longer proves that the lock is held: the next write could arrive after it has expired. */
export const LOCK_CERTAIN_MS = LOCK.leaseMs - LOCK.renewEveryMs;

/** Pods that are being started. */
export const PODS = {
  /** The first and the longest pause between two looks. */
  firstPollMs: 250,
  lastPollMs: 2_000,
  /**
   * A container that cannot start (image, Secret, webhook) may start a moment later: a registry recovers, another controller makes
   * the Secret.
   */
  cannotStartMs: 45_000,
  /** A crashing container: the kubelet restarts it after 10, 20 and 40 s, so this allows three more attempts. */
  crashingMs: 90_000,
};

/** Requests through an ingress. */
export const INGRESS = {
  /** A request, until the end of its body. */
  requestMs: 10_000,
  /** Shorter than `requestMs`, to distinguish an address with no listener from a service that does not respond. */
  connectMs: 8_000,
  /**
   * An idle connection is closed long before a server would: a request that meets a server closing its end fails, and would count
   * as an error of a healthy release. Browsers hide that by sending it again.
   */
  idleMs: 500,
  /** How long a change may take to reach a gateway, where the input verify-timeout is not shorter. */
  arrivalMs: 30_000,
  arrivalPollMs: 20,
  /** How long a gateway replica may lag behind: as long as istiod may hold a change back (PILOT_DEBOUNCE_MAX). */
  catchUpMs: 10_000,
  /** Once an ingress has failed, the others may take this long to reach a verdict of their own. */
  afterFailureMs: 1_000,
  /** A request that is younger than this when sampling ends was just under way: that it has no answer means nothing. */
  underWayMs: 1_000,
};

/** Reading metrics of users' own requests. */
export const METRICS = {
  /** A query, until the end of its answer. Prometheus itself gives up after two minutes. */
  queryMs: 10_000,
  /** Shorter than `queryMs`, to distinguish an address with no listener from a server that does not respond. */
  connectMs: 5_000,
  /**
   * Between two polls: as often as Istio's and most other installations scrape. A counter that is read more often has not changed,
   * and one that is read less often shows an error later.
   */
  pollMs: 15_000,
  /** A short watch is polled this many times, but not more often than `shortestPollMs`. */
  fewestPolls: 4,
  shortestPollMs: 1_000,
  /** A reading that failed at the start or the end is tried again for this long: it would decide everything. */
  retryMs: 15_000,
  /** Without a newer scrape for this long, nothing is measured any more: two and a half times Prometheus' default interval. */
  stalledMs: 150_000,
  /** Nor without one for this part of a shorter watch. */
  stalledPart: 2 / 3,
  /** The longest usual scrape interval: what happened last may be in no counter for so long. */
  scrapeMs: 30_000,
  /** How far back `irate` looks, however long its window: two scrapes. */
  twoScrapesMs: 60_000,
  /** Ingresses are not sampled for less than this beside metrics. */
  shortestSamplingMs: 5_000,
  /** Between two lines of the log during a watch. */
  progressMs: 30_000,
  /** An idle connection is closed long before a server would: a query that meets a server closing its end fails. */
  idleMs: 500,
};

/** Reading what explains a failure, while the earlier weights may be waiting to be restored. */
export const DIAGNOSIS_MS = 5_000;

/** Reading what each cluster holds after a rollback that failed; a cancelled run leaves that to its end. */
export const AFTER_ROLLBACK_MS = 2_000;

/** Setting the pending commit status, beside the work. */
export const ANNOUNCE_START_MS = 5_000;

/** A step that a cancellation does not end at once. */
export interface Deadline {
  readonly usualMs: number;
  /** Counted from the cancellation, or from the beginning of the step where that is later. */
  readonly cancelledMs: number;
}

/** What a run still does once it has been cancelled. Anything else ends at once. */
export const STEPS = {
  /** Claiming a Lease. A claim under way is not cut off: nobody would know whether it was stored. */
  claimLock: { usualMs: API.writeMs, cancelledMs: 2_000 },
  /** Replacing the intent in the Leases. */
  updateIntent: { usualMs: LOCK.changeMs, cancelledMs: 1_500 },
  /** Writing traffic objects in all clusters. */
  writeTraffic: { usualMs: WRITE.retryMs, cancelledMs: 1_500 },
  /** Reverting them where one cluster failed. */
  revertTraffic: { usualMs: WRITE.retryMs, cancelledMs: 2_500 },
  /** Restoring the earlier weights after a failed check: asking for the lock, reading, writing. */
  rollBack: { usualMs: WRITE.retryMs, cancelledMs: 3_000 },
  /** Restoring pod templates; a cancelled run does not wait for the pods. */
  restoreWorkloads: { usualMs: 120_000, cancelledMs: 2_000 },
  /** Asking the clusters whether the lock is still held, before something is restored; part of the two above. */
  askForLock: { usualMs: 2_000, cancelledMs: 1_000 },
  /** Reading the clusters before a rollback, as part of it: a cluster that does not answer is left to the post step. */
  readBeforeRollback: { usualMs: WRITE.retryMs, cancelledMs: 1_500 },
  /** Reading what each cluster holds at the end of any run that failed after it had written something. */
  readAfterFailure: { usualMs: 2_000, cancelledMs: 750 },
  releaseLock: { usualMs: LOCK.changeMs, cancelledMs: 1_500 },
  /** Commit status and comment. */
  announceEnd: { usualMs: 10_000, cancelledMs: 1_500 },
  /** Ending the process where something still runs, such as a login command that hangs. */
  exit: { usualMs: 1_000, cancelledMs: 1_000 },
} satisfies Readonly<Record<string, Deadline>>;

/** A cancelled job: GitHub's runner sends SIGINT, SIGTERM after 7.5 s, and kills the process 2.5 s later. */
export const KILLED_AFTER_MS = 10_000;

type Step = keyof typeof STEPS;

/** The end of every run. */
const END: readonly Step[] = ['releaseLock', 'readAfterFailure', 'announceEnd', 'exit'];

/** What a run does one after the other, by the moment of its cancellation; steps in one entry go side by side. */
export const CANCELLED_RUNS: Readonly<Record<string, readonly (Step | readonly Step[])[]>> = {
  'while it acquires the lock': ['claimLock', 'releaseLock', ...END],
  'while it updates its intent': ['updateIntent', ...END],
  'while it deploys': ['restoreWorkloads', ...END],
  'while it moves the weights': ['writeTraffic', ['revertTraffic', 'restoreWorkloads'], ...END],
  'while it moves the weights, which then arrive everywhere': [
    'writeTraffic',
    ['rollBack', 'restoreWorkloads'],
    ...END,
  ],
  'while it samples': [['rollBack', 'restoreWorkloads'], ...END],
};

/** How long a cancelled run takes at most, where a cluster never answers. */
export function cancelledRunMs(steps: readonly (Step | readonly Step[])[]): number {
  return steps
    .map((sideBySide) => Math.max(...[sideBySide].flat().map((step) => STEPS[step].cancelledMs)))
    .reduce((sum, ms) => sum + ms, 0);
}
