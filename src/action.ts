// Everything that the entries start. Bundled into one file, which only they import.
export { commandLine } from './cli/main.ts';
export { mainStep } from './github/main.ts';
export { postStep } from './github/post.ts';
