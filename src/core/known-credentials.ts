import type { Pieces } from './pieces.ts';

/**
 * Credentials that are recognized by their form: those of others, such as one that a login command tried in vain, or a proxy's own. Each pattern
 * begins at the start of a word and cannot overlap itself, so the search takes time in proportion to the text.
 */
const FORMS: readonly RegExp[] = [
  // JSON Web Token
  /(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g,
  // Header, also as JSON
  /(?<=authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|basic|token)\s{1,3})[\w.~+/=-]{3,}/gi,
  // GitHub
  /(?<![\w-])(?:gh[oprsu]_|github_pat_)\w{20,}/g,
  // EKS
  /(?<![\w-])k8s-aws-v1\.[\w-]{20,}/g,
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]+/g,
];

/** A text in which what has the form of a credential is replaced. One longer than `stretch` is worth pauses. */
export function* withoutKnownForms(text: string, replacement: string, stretch: number): Pieces<string> {
  let rest = text;
  for (const form of FORMS) {
    rest = rest.replaceAll(form, replacement);
    if (text.length > stretch) yield;
  }
  return rest;
}
