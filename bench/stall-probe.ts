/** Loaded by the action's process ahead of it (`node --import`): prints how long its event loop did not turn. */
import { formatStall, watchLoop } from './loop-turns.ts';
import type { Stall } from './loop-turns.ts';

/** Of this length, a stall is printed by itself, with its place in a CPU profile (microseconds). */
const NOTABLE_MS = 100;

/** While nobody listens to a signal, it ends the process at once, whatever that does. */
const isListening = (): boolean => process.listenerCount('SIGTERM') > 0;

/** Prints a notable stall. */
function print({ cpu, clock }: Stall): void {
  const end = process.hrtime.bigint() / 1000n;
  process.stderr.write(
    `stall: ${cpu.toFixed(0)} ms, ${String(end - BigInt(Math.round(clock * 1000)))} to ${String(end)}\n`,
  );
}

const working = watchLoop({ counts: isListening, leastMs: NOTABLE_MS, onStall: print });
const apart = watchLoop({ counts: () => !isListening(), leastMs: NOTABLE_MS, onStall: print });
process.on('exit', () => {
  const { maxRSS } = process.resourceUsage();
  process.stderr.write(
    `longest stall ${formatStall(working())}; reading inputs and publishing ${formatStall(apart())}; memory ${(maxRSS / 1024).toFixed(0)} MiB\n`,
  );
});
