// Everything that the two entries start. Bundled into one file, which only they import.
export { mainStep } from './github/main.ts';
export { postStep } from './github/post.ts';
