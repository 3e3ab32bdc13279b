// Everything that the entries start. Bundled into `action.js`, which only they import, and `later.cjs`, which it requires.
import type * as CommandLine from './cli/main.ts';

export { mainStep } from './github/main.ts';
export { postStep } from './github/post.ts';

/** Its options, which are made from the schemas of the inputs, take a step of a workflow 20 ms. */
export const commandLine: typeof CommandLine.commandLine = async (args, actionYml) => {
  const { commandLine: run } = await import(/* webpackMode: "eager" */ './cli/main.ts');
  await run(args, actionYml);
};
