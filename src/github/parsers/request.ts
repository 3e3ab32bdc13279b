import { validateHeaderName, validateHeaderValue } from 'node:http';
import { PREVIEW_HEADER } from '../../core/headers.ts';
import { HEADER, entries, pair, pairs } from './entries.ts';
import { mapOf, text } from './parser.ts';

/** The request that the check sends: its path, host and headers. */

const URL_PATH = /^\/\S*$/;
/** A path with its query; characters that HTTP does not carry are percent-encoded. */
export const urlPath = text(
  'a path that begins with /',
  (value) => (URL_PATH.test(value) ? value.replaceAll(/[^\x21-\x7E]+/gu, encodeURIComponent) : undefined),
  { text: { pattern: URL_PATH.source } },
);

const HOST = /^(?:\w(?:[\w.-]*\w)?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
export const host = text(
  'a host name as users request it, with a port where needed, such as shop.example.com',
  (value) => (HOST.test(value) ? value : undefined),
  { text: { pattern: HOST.source } },
);

/** HTTP headers, one per line because values may contain commas. Messages show only names: a value may be a credential. */
const headersBut = (assertAllowed: (name: string) => void) =>
  mapOf(
    'name: value, one per line',
    (found) => {
      for (const [name, value] of found) {
        validateHeaderName(name);
        validateHeaderValue(name, value);
        assertAllowed(name.toLowerCase());
      }
      return Object.fromEntries(found);
    },
    {
      read: (value) =>
        pairs(entries(value, /\n/), HEADER, (_, i) => `header ${String(i + 1)} is not name: value`),
      show: headerNames,
    },
  );

export const headers = headersBut((name) => {
  if (name === PREVIEW_HEADER)
    throw new Error(
      `the header ${name} asks for one version whatever the weights, so no traffic split could be measured`,
    );
});

/** Those that the client sets itself, or that would break its requests. */
const OF_THE_CLIENT = [
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'te',
  'transfer-encoding',
];

/** Headers for a server of metrics. */
export const metricHeaders = headersBut((name) => {
  if (OF_THE_CLIENT.includes(name)) throw new Error(`the header ${name} is set by the action itself`);
});

const MOST_SHOWN = 20;

/** The names of headers, and whether each has a value. */
function headerNames(given: unknown): string {
  const found =
    typeof given === 'object' && given !== null
      ? Object.entries(given)
      : String(given)
          .split('\n', MOST_SHOWN)
          .map((entry) => pair(entry.trim(), HEADER) ?? ['…', '']);
  return found
    .slice(0, MOST_SHOWN)
    .map(([name, value]) => (value ? `${name}: …` : name))
    .join(', ');
}
