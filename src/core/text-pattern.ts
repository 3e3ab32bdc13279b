import { RE2JS } from 're2js';

/** A pattern in a text from elsewhere. */
export interface TextPattern {
  /** The match and its groups; null if there is none. */
  exec(text: string): readonly (string | undefined)[] | null;
}

/**
 * A regular expression that somebody else wrote, for texts that somebody else wrote. Its time to match grows with the length of
 * the text alone: JavaScript's own would take exponential time for some. The syntax is RE2's, as in Istio and Envoy; it has no
 * look-around and no backreferences (https://github.com/google/re2/wiki/Syntax).
 *
 * @throws Error that says what is wrong with it
 */
export function textPattern(source: string): TextPattern {
  return compiled(source);
}

/** Whether all of a text matches an expression; undefined for an expression that is none. */
export function matchesWhole(source: string, text: string): boolean | undefined {
  try {
    return compiled(source).testExact(text);
  } catch {
    return undefined;
  }
}

const LONGEST = 1_024;

function compiled(source: string): RE2JS {
  if (source.length > LONGEST) throw new Error(`it is longer than ${String(LONGEST)} characters`);
  return RE2JS.compile(source);
}
