import { describe, expect, test } from '@jest/globals';
import { escapeForLog } from '../../src/github/escape-for-log.ts';

/**
 * Whether the runner would execute a line: it looks for `::` behind leading white space, and for `##[` anywhere.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
const isCommand = (line: string): boolean => /^[\s\u0085]*::/.test(line) || line.includes('##[');

/** The lines as the runner reads them. */
const linesOf = (text: string): readonly string[] => text.split(/\r\n|\r|\n/);

describe('a line that looks like a workflow command is escaped', () => {
  test.each([
    ['::add-mask::v1'],
    ['::set-output name=verdict::pass'],
    ['  ::error::x'],
    ['\t::stop-commands::x'],
    ['\u00A0::error::x'],
    ['\u3000::error::x'],
    ['\u0085::error::x'],
    ['\uFEFF::error::x'],
    ['::'],
    ['##[add-mask]v1'],
    ['version x ##[add-mask]v1 answered'],
    ['##[group]a ##[error]b'],
    ['###[add-mask]v1'],
    ['first\n::add-mask::v1'],
    ['first\r::add-mask::v1'],
    ['first\r\n::add-mask::v1'],
    ['first\n\n  ::add-mask::v1\n##[error]x'],
  ])('%j', (text) => {
    expect(linesOf(escapeForLog(text)).filter(isCommand)).toEqual([]);
  });
});

describe('any other line is unchanged', () => {
  test.each([
    ['east: v1 80.2% of 80%, v2 19.8% of 20%'],
    ['image a::b and http://[::1]:8080'],
    ['## a heading'],
    ['# [a](b)'],
    [''],
    ['first\nsecond'],
  ])('%j', (text) => {
    expect(escapeForLog(text)).toBe(text);
  });
});
