/** Loaded by a process ahead of its program (`node --import`): writes what it cost into the file that COST_FILE names. */
import { writeFileSync } from 'node:fs';
import { watchLoop } from './loop-turns.ts';

const longest = watchLoop();
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const { maxRSS } = process.resourceUsage();
  const cost = { cpuMs: (user + system) / 1000, rssMiB: maxRSS / 1024, stallMs: longest().cpu };
  writeFileSync(process.env['COST_FILE'] ?? '/dev/null', JSON.stringify(cost));
});
