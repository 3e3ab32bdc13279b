import { describe, expect, test } from '@jest/globals';
import { Terminal } from '../../src/cli/terminal.ts';
import type { TerminalStream } from '../../src/cli/live-lines.ts';
import { secrets } from '../../src/core/secrets.ts';

/** A stream that keeps what is written. */
class Kept implements TerminalStream {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 40;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

function open({ isTTY = true, color = false } = {}): {
  terminal: Terminal;
  log: Kept;
  errors: Kept;
} {
  const log = new Kept(isTTY);
  const errors = new Kept(isTTY);
  return { terminal: new Terminal({ log, errors, color }), log, errors };
}

const ESCAPE = '\u001B';

/** What a screen of unlimited height shows; it knows cursor up, carriage return and clear to the end. */
function shown(text: string): readonly string[] {
  const lines = [''];
  const back = new RegExp(`${ESCAPE}\\[(\\d+)A\r${ESCAPE}\\[0J`);
  for (
    let rest = text, found;
    rest !== '';
    rest = rest.slice((found?.index ?? rest.length) + (found?.[0].length ?? 0))
  ) {
    found = back.exec(rest);
    const [first = '', ...more] = rest.slice(0, found?.index ?? rest.length).split('\n');
    lines.push(`${lines.pop() ?? ''}${first}`, ...more);
    if (found !== null) lines.splice(lines.length - 1 - Number(found[1]), Infinity, '');
  }
  return lines;
}

describe('a terminal', () => {
  test('shows the latest progress of each ingress in one line, below the log', () => {
    const { terminal, log } = open();
    terminal.info('begins');
    terminal.progress('east', 'east: 10 samples');
    terminal.progress('west', 'west: 9 samples');
    terminal.progress('east', 'east: 20 samples');
    terminal.info('a line of the log');
    expect(shown(log.text)).toEqual([
      'begins',
      'a line of the log',
      'east: 20 samples',
      'west: 9 samples',
      '',
    ]);
    terminal.progress('east', undefined);
    terminal.info('east passed');
    expect(shown(log.text)).toEqual(['begins', 'a line of the log', 'east passed', 'west: 9 samples', '']);
    terminal.progress('west', undefined);
    expect(shown(log.text)).toEqual(['begins', 'a line of the log', 'east passed', '']);
  });

  test('cuts a line of progress that would wrap', () => {
    const { terminal, log } = open();
    terminal.progress('east', `east: ${'x'.repeat(60)}\nmore`);
    expect(shown(log.text)).toEqual([`east: ${'x'.repeat(32)}…`, '']);
  });

  test('has color unless it is not wanted', () => {
    for (const color of [true, false]) {
      const { terminal, log, errors } = open({ color });
      terminal.warn('w');
      terminal.error('e', 't');
      expect([log.text.includes('\u001B[33m'), errors.text.includes('\u001B[31m')]).toEqual([color, color]);
    }
  });
});

describe('without a terminal', () => {
  test('every line is plain and stays, and a group is a heading', async () => {
    const { terminal, log, errors } = open({ isTTY: false, color: true });
    await terminal.group('Verify', async () => {
      terminal.progress('east', 'east: 10 samples');
      terminal.progress('east', undefined);
      terminal.warn('slow');
      terminal.warnOnce('once');
      terminal.warnOnce('once');
      await Promise.resolve();
    });
    terminal.notice('80/20', 'shop: pass');
    terminal.error('refused', 'shop: rollout failed');
    expect(log.text).toBe('\nVerify\neast: 10 samples\nWarning: slow\nWarning: once\n\nshop: pass\n80/20\n');
    expect(errors.text).toBe('Error: shop: rollout failed\nrefused\n');
    expect(terminal.progressMs).toBeUndefined();
  });

  test('no text shows a secret, or moves anything on a terminal', () => {
    secrets.hide('a-secret-of-this-test');
    const { terminal, log, errors } = open({ isTTY: false });
    const text = '\u001B[2J::error::a-secret-of-this-test';
    terminal.info(text);
    terminal.warn(text);
    terminal.progress('east', text);
    terminal.notice(text, text);
    terminal.error(text, text);
    const all = log.text + errors.text;
    expect(all).toContain('***');
    expect([all.includes('a-secret-of-this-test'), all.includes(ESCAPE)]).toEqual([false, false]);
  });
});
