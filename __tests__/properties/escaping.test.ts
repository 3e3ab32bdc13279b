import { describe, expect, test } from '@jest/globals';
import { decodeHTML } from 'entities';
import fc from 'fast-check';
import { marked } from 'marked';
import { parse } from 'yaml';
import { atOnce } from '../../src/core/pieces.ts';
import { sortedYaml } from '../../src/core/sorted-yaml.ts';
import { formatYaml, parseYaml } from '../../src/core/yaml.ts';
import { html, rendering } from '../../src/report/page/html.ts';
import { en } from '../../src/texts/en.ts';
import { escape, fenced, row, tableHead } from '../../src/report/summary/markdown.ts';
import { visible } from '../../src/report/visible.ts';
import { escapeForLog } from '../../src/github/escape-for-log.ts';
import { bytesOf, cut, fit } from '../../src/report/summary/shorten.ts';
import { expectHolds } from '../support/properties.ts';

/** Text that somebody else may have chosen: any characters, and pieces that Markdown, HTML and the runner obey. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(
        '|',
        '\n',
        '`',
        '```',
        '\\',
        '](http://x)',
        '[a]',
        '![',
        '<b>',
        '</td>',
        '<!--',
        '-->',
        '&lt;',
        '&#124;',
        '"',
        "'",
        '* ',
        '# ',
        '- ',
        '> ',
        '1. ',
        '~~',
        '@team',
        '#12',
        'www.example.com',
        'https://example.com',
        '$x$',
        '{{',
        '::error::',
        '##[group]',
        '\u001b[31m',
        '\u202e',
        '\r',
        '    ',
        '---',
        '|-|',
        'a@b.de',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** js-yaml does not quote a key that looks like the end of a document. */
const keys = hostile.filter((key) => !/^(---|\.\.\.)/.test(key));

/** What a browser shows of the HTML that Markdown made. */
function shownIn(markup: string): string {
  return decodeHTML(markup.replaceAll(/<[^>]*>/g, ''));
}

/** On one line, without the spaces of no width that keep GitHub from finding mentions. */
const inline = (text: string): string => text.replaceAll('\u200B', '').replaceAll(/\s+/g, ' ').trim();

describe('any text', () => {
  test('stays in its cell of a Markdown table, as it is', () =>
    expectHolds(
      1500,
      fc.property(hostile, hostile, (a, b) => {
        const markup = marked.parse(
          [tableHead(['A', 'B', 'C']), row([escape(a), escape(b), 'end'])].join('\n'),
          { async: false },
        );
        const cells = [...markup.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell = '']) => cell);
        expect(cells.map((cell) => inline(shownIn(cell)))).toEqual([
          inline(visible(a)),
          inline(visible(b)),
          'end',
        ]);
        expect(markup.match(/<(?!\/?(?:table|thead|tbody|tr|th|td)\b)[a-z!/]/gi)).toBeNull();
      }),
    ));

  test('stays in its code block', () =>
    expectHolds(
      1500,
      fc.property(hostile, (content) => {
        const [block, ...others] = marked
          .lexer(`${fenced('diff', content)}\n\nend`)
          .filter(({ type }) => type !== 'space');
        const { text, ...kind } = { text: '', ...block };
        expect(kind).toMatchObject({ type: 'code', lang: 'diff' });
        expect(text.replace(/\n+$/, '')).toBe(visible(content).replace(/\n+$/, ''));
        expect(others.map(({ raw }) => raw)).toEqual(['end']);
      }),
    ));

  test('stays in its element and its attribute of a page', () =>
    expectHolds(
      1500,
      fc.property(hostile, (given) => {
        const markup = atOnce(rendering(html`<p title="${given}">${given}</p>`, en.formats));
        const [, title = '', content = ''] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/.exec(markup) ?? [];
        expect([shownIn(title), shownIn(content)]).toEqual([visible(given), visible(given)]);
      }),
    ));

  test('is no command to the runner, and moves nothing in a terminal', () =>
    expectHolds(
      1500,
      fc.property(hostile, (given) => {
        const line = escapeForLog(given);
        expect(line).not.toMatch(/^\s*::|##\[/m);
        expect(line).not.toMatch(/(?![\n\t])\p{Cc}|\p{Bidi_Control}/u);
      }),
    ));

  test('is cut at a limit in bytes, without half a character', () =>
    expectHolds(
      800,
      fc.property(fc.array(hostile, { maxLength: 5 }), fc.nat(60), (texts, limit) => {
        const whole = texts.join('');
        const short = cut(whole, limit);
        expect(bytesOf(short)).toBeLessThanOrEqual(limit);
        expect(Buffer.from(whole).toString().startsWith(short)).toBe(true);
        const pieces = texts.map((text, rank) => ({ text, rank, name: 'change' as const }));
        expect(bytesOf(fit(pieces, limit).text)).toBeLessThanOrEqual(limit);
      }),
    ));

  test('is the same text after YAML', () =>
    expectHolds(
      800,
      fc.property(
        fc.dictionary(keys, fc.oneof(hostile, fc.integer(), fc.boolean(), fc.constant(null)), {
          noNullPrototype: true,
        }),
        (value) => {
          const text = formatYaml(value);
          expect(parseYaml(text)).toEqual(value);
          expect(parse(text)).toEqual(value);
        },
      ),
    ));

  test('is the same YAML whether it is written in pieces or at once', () => {
    const { tree } = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
      leaf: fc.oneof(hostile, fc.integer(), fc.boolean(), fc.constant(null)),
      tree: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 6 }),
        fc.dictionary(keys, tie('tree'), { noNullPrototype: true, maxKeys: 6 }),
      ),
    }));
    return expectHolds(
      800,
      fc.property(tree, fc.integer({ min: 1, max: 12 }), (value, most) => {
        const text = atOnce(sortedYaml(value, most));
        expect(text).toBe(atOnce(sortedYaml(value, Infinity)));
        expect(parseYaml(text)).toEqual(value);
      }),
    );
  });
});
