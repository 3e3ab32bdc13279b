import type { ValuePath } from '../located-yaml.ts';

/** What is wrong with a metric among the other inputs, at a key of it; a sentence without its full stop. */
export class WrongMetric extends Error {
  readonly path: ValuePath;

  constructor(message: string, ...path: ValuePath) {
    super(message);
    this.path = path;
  }
}
