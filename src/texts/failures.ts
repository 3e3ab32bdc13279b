import type { FailureTexts, KnownFailure } from './catalogue/verdicts.ts';

/** A kind of failed request in words; what this action does not name itself, such as an error of TLS, is quoted. */
export function failureInWords(
  kind: string,
  texts: Pick<FailureTexts, 'known' | 'status' | 'statusWithoutVersion'>,
): string {
  if (isKnown(kind, texts.known)) return texts.known[kind];
  const [, status, rest] = /^status (\d+)( without a version)?$/.exec(kind) ?? [];
  if (status === undefined) return kind;
  return rest === undefined ? texts.status(status) : texts.statusWithoutVersion(status);
}

function isKnown(kind: string, known: FailureTexts['known']): kind is KnownFailure {
  return Object.hasOwn(known, kind);
}
