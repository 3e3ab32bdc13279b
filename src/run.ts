import { main } from './github/main.ts';

await main();
// What still runs by itself, such as a login command that hangs, must not hold the job up.
setTimeout(() => {
  process.exit();
}, 1_000).unref();
