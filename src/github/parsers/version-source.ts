import { validateHeaderName } from 'node:http';
import { get as compilePointer } from '@hyperjump/json-pointer';
import { textPattern } from '../../core/text-pattern.ts';
import type { VersionSource } from '../../release/release.ts';
import { text } from './parser.ts';

/** Where the check finds the version in a response. */
export const versionSource = text(
  'auto, header:NAME, body:REGEX (in the syntax of RE2) or json:POINTER',
  (value) => {
    const [, kind, rest = ''] = /^(auto|header|body|json)(?::(.+))?$/s.exec(value) ?? [];
    return sourceOf(kind, rest);
  },
);

function sourceOf(kind: string | undefined, rest: string): VersionSource | undefined {
  switch (kind) {
    case 'auto':
      return rest === '' ? { from: 'auto' } : undefined;
    case 'header':
      validateHeaderName(rest);
      return { from: 'header', name: rest };
    case 'body':
      return rest === '' ? undefined : { from: 'body', pattern: textPattern(rest) };
    case 'json':
      // Throws where the pointer is malformed.
      compilePointer(rest);
      return rest === '' ? undefined : { from: 'json', pointer: rest };
    default:
      return undefined;
  }
}
