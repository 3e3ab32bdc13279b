import { describe, expect, test } from '@jest/globals';
import type { Message, MessageValues } from '../../src/texts/message.ts';
import { say, textsIn } from '../../src/texts/texts.ts';
import { englishIn, misspacedIn } from '../support/chinese.ts';
import { MESSAGES } from '../support/messages.ts';

/** Names without a digit. */
const NAMES = ['east', 'west', 'demo', 'hello', 'beta', 'kubectl', 'edit', 'NodePort', 'web'];

const EXAMPLES = Object.entries(MESSAGES).flatMap(([kind, examples]) =>
  examples.map((values, i): [string, Message] => [
    `${kind} ${String(i + 1)}`,
    // The table assigns each kind its values.
    { kind, ...values } as { readonly kind: keyof MessageValues } as Message,
  ]),
);

/** Numbers, and the names of the examples: each parameter has one. */
function parametersIn(text: string): ReadonlySet<string> {
  const words = text.match(/[\w-]*\d[\w.-]*|\w+/g) ?? [];
  return new Set(
    words.map((word) => word.replace(/[.-]+$/, '')).filter((word) => /\d/.test(word) || NAMES.includes(word)),
  );
}

describe.each(EXAMPLES)('message %s', (_, message) => {
  const [english, chinese] = (['en', 'zh'] as const).map((language) => say(message, textsIn(language)));

  test('has the same parameters in both languages', () => {
    expect(parametersIn(chinese ?? '')).toEqual(parametersIn(english ?? ''));
  });

  test('has no English in Chinese', () => {
    expect(englishIn(chinese ?? '', NAMES)).toEqual([]);
  });

  test('is spaced as Chinese is', () => {
    expect(misspacedIn(chinese ?? '')).toEqual([]);
  });
});

test.each([
  ['en', 'the shares match the weights (1,300 samples)'],
  ['zh', '流量占比与权重相符（1,300 个样本）'],
] as const)('a reason in %s counts samples as the tables do', (language, reason) => {
  const message = { kind: 'sharesMatch', samples: 1_300, otherHosts: 0, setAside: 0 } as const;
  expect(say(message, textsIn(language))).toBe(reason);
});

/** Values of a message that count something. */
const COUNTS =
  /^(?:samples|requests|responses|failed|judged|unanswered|own|withoutRevision|otherFailed|otherRequests|otherHosts|setAside|polls|missed|readings|hits|stale|versions|pairs|kinds|weightless)$/;

/** A message whose counts have five digits. */
function withLargeCounts(value: unknown, key = ''): unknown {
  if (typeof value === 'number') return COUNTS.test(key) && value > 0 ? 12_345 : value;
  if (value instanceof Map)
    return new Map([...value].map(([name, one]) => [name, withLargeCounts(one, key)]));
  if (Array.isArray(value)) return value.map((one) => withLargeCounts(one, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withLargeCounts(one, name)]));
}

test.each(['en', 'zh'] as const)('every message in %s separates the thousands of its counts', (language) => {
  const said = EXAMPLES.map(([, message]) => say(withLargeCounts(message) as Message, textsIn(language)));
  expect(said.filter((text) => text.includes('12345'))).toEqual([]);
  expect(said.filter((text) => text.includes('12,345')).length).toBeGreaterThan(20);
});
