import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redactor } from '../../src/core/redactor.ts';
import { spellingsOf } from '../../src/core/spellings.ts';
import { expectHolds } from '../support/properties.ts';

/** Few letters, so that secrets have much in common with each other, with themselves and with the text. */
const word = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength, maxLength });
const secret = fc.tuple(fc.constantFrom('', 'aabbaabbaabbaabb'), word(8, 24)).map((parts) => parts.join(''));

/** A text to hide, and how many characters of it in a row give it away. */
interface Needle {
  readonly text: string;
  readonly least: number;
}

/** Hides every character that is part of a common piece, by comparing everything with everything. */
function redactNaively(text: string, needles: readonly Needle[]): string {
  const hidden = new Set<number>();
  for (const { text: needle, least } of needles)
    for (let at = 0; at + least <= needle.length; at += 1) {
      const piece = needle.slice(at, at + least);
      for (let from = text.indexOf(piece); from >= 0; from = text.indexOf(piece, from + 1))
        for (let i = from; i < from + least; i += 1) hidden.add(i);
    }
  return Array.from(text)
    .map((character, i) => (!hidden.has(i) ? character : hidden.has(i - 1) ? '' : '***'))
    .join('');
}

const partsOf = (text: string): readonly Needle[] =>
  [...spellingsOf(text)]
    .filter((form) => form.length >= 8)
    .map((form) => ({ text: form, least: Math.min(16, form.length) }));

const wholeOf = (text: string): readonly Needle[] => {
  const encoded = Buffer.from(text, 'utf8').toString('base64');
  return [
    { text, least: text.length },
    { text: encoded, least: Math.min(32, encoded.length) },
  ];
};

test('secrets are hidden exactly where a comparison of everything with everything finds them', () =>
  expectHolds(
    400,
    fc.property(
      fc.array(secret, { maxLength: 8 }),
      fc.array(secret, { maxLength: 8 }),
      fc.array(fc.oneof(secret, word(0, 40), fc.constantFrom(' ', 'c')), { maxLength: 12 }),
      (inParts, asWholes, texts) => {
        const wholes = asWholes.filter((one) => !inParts.includes(one));
        const redactor = new Redactor();
        for (const one of inParts) redactor.add(one);
        for (const one of wholes) redactor.hideWhole(one);
        // Parts of secrets, and what a server may have made of them.
        const shown = [
          ...texts,
          ...inParts.map((one) => one.slice(3)),
          ...[...inParts, ...wholes].map((one) => btoa(one)),
        ].join('');
        const needles = [...inParts.flatMap(partsOf), ...wholes.flatMap(wholeOf)];
        expect(redactor.redact(shown)).toBe(redactNaively(shown, needles));
      },
    ),
  ));
