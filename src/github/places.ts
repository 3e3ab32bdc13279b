import type { ValuePath } from './located-yaml.ts';
import { inputPlace } from '../core/wording.ts';

/** How messages name the place of a value: `.github/canary.yml:12: metrics[1].query`. */
export type Place = (path: ValuePath) => string;

/** The places of a file. */
export function placeIn(file: string, lineOf: (path: ValuePath) => number): Place {
  return (path) => {
    const within = formatPath(path);
    return `${file}:${String(lineOf(path))}${within === '' ? '' : `: ${within}`}`;
  };
}

/** The places of a text that an input has. */
export function placeInText(input: string, lineOf: (path: ValuePath) => number): Place {
  return (path) => {
    const within = formatPath(path);
    return `${inputPlace(input)}, line ${String(lineOf(path))}${within === '' ? '' : `: ${within}`}`;
  };
}

/** `metrics[1].query` */
export function formatPath(path: ValuePath): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${String(key)}]` : `${i === 0 ? '' : '.'}${String(key)}`))
    .join('');
}
