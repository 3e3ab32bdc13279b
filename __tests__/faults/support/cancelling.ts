import type { Run, RunningAction } from '../../../testbed/run-action.ts';
import type { Lane } from './lanes.ts';

export type Inputs = Readonly<Record<string, string>>;

/** When a run is cancelled: when its log says so, or when one of its calls or requests arrives. */
export type Cue = (cancel: () => void) => {
  readonly onLog?: (text: string) => void;
  readonly off?: () => void;
};

export const atPhase =
  (name: string): Cue =>
  (cancel) => ({
    onLog: (text) => {
      if (text.includes(`::group::${name}\n`)) cancel();
    },
  });

/** Cancels a job as GitHub's runner does: SIGINT, SIGTERM 7.5 s later, SIGKILL 2.5 s after that. */
export async function cancelled(
  lane: Lane,
  inputs: Inputs,
  cue: Cue,
): Promise<Run & { readonly took: number }> {
  let process: RunningAction | undefined;
  let start: number | undefined;
  const timers: NodeJS.Timeout[] = [];
  const { onLog, off } = cue(() => {
    if (start !== undefined) return;
    start = performance.now();
    process?.kill('SIGINT');
    timers.push(setTimeout(() => process?.kill('SIGTERM'), 7_500));
    timers.push(setTimeout(() => process?.kill('SIGKILL'), 10_000));
  });
  const run = await lane.stage.run(inputs, {
    onStart: (started) => {
      process = started;
    },
    ...(onLog === undefined ? {} : { onLog }),
  });
  off?.();
  for (const timer of timers) clearTimeout(timer);
  if (start === undefined) throw new Error(`The moment to cancel never came:\n${run.log}`);
  return { ...run, took: (performance.now() - start) / 1000 };
}
