import { main } from './github/main.ts';
import { STEPS } from './core/deadlines.ts';

await main();
// What still runs by itself, such as a login command that hangs, must not hold the job up.
setTimeout(() => {
  process.exit();
}, STEPS.exit.usualMs).unref();
