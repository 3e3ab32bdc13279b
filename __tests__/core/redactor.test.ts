import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Redactor } from '../../src/core/redactor.ts';
import { spellingsOf } from '../../src/core/spellings.ts';

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.c3ViamVjdA.Zm9yLXRlc3RzLW9ubHk_-x';

function redactorOf(...secrets: readonly string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

describe('a secret is hidden', () => {
  test('wherever it occurs, and the text around it stays', () => {
    const { redact } = { redact: (text: string) => redactorOf(TOKEN).redact(text) };
    expect(redact(`Authorization: Bearer ${TOKEN} was refused; again: ${TOKEN}.`)).toBe(
      'Authorization: Bearer *** was refused; again: ***.',
    );
    expect(redact(TOKEN)).toBe('***');
    expect(redact(`${TOKEN}${TOKEN}`)).toBe('***');
    expect(redact('nothing secret')).toBe('nothing secret');
    expect(redact('')).toBe('');
  });

  test.each(['p&ss"w<rd\\/ é\'x!', 'correct horse+battery=staple', TOKEN, 'påsswörd'])(
    'in every spelling: %s',
    (secret) => {
      const redactor = redactorOf(secret);
      const forms = [
        encodeURIComponent(secret),
        new URLSearchParams({ secret }).toString().slice('secret='.length),
        JSON.stringify(secret).slice(1, -1),
        JSON.stringify(JSON.stringify(secret)).slice(3, -3),
        secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;'),
        secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
        ...['', 'a', 'ab', 'user:', 'x-access-token:'].flatMap((before) =>
          (['base64', 'base64url'] as const).map((encoding) =>
            Buffer.from(before + secret, 'utf8')
              .toString(encoding)
              .slice(Math.ceil((before.length / 3) * 4)),
          ),
        ),
        ...spellingsOf(secret),
      ].filter((form) => form.length >= 8);
      expect(forms.length).toBeGreaterThan(10);
      for (const form of forms)
        expect(redactor.redact(`<${form}>`)).toMatch(/^<[^<>]{0,8}\*\*\*[^<>]{0,4}>$/);
    },
  );

  test('in part, however it was cut or wrapped', () => {
    const redactor = redactorOf(TOKEN);
    expect(redactor.redact(`got ${TOKEN.slice(0, 20)}…`)).toBe('got ***…');
    expect(redactor.redact(`got …${TOKEN.slice(-20)}`)).toBe('got …***');
    expect(redactor.redact(TOKEN.replaceAll(/.{18}/g, '$&\n'))).toBe('***\n***\n***\n');
  });

  test('by each line of a private key, and not by what all keys have in common', () => {
    const pem = (): string =>
      generateKeyPairSync('rsa', { modulusLength: 1024 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString();
    const key = pem();
    const redactor = redactorOf(key);
    const lines = key.split('\n').slice(1, -2);
    for (const line of lines) expect(redactor.redact(line)).toBe('***');
    expect(redactor.redact(JSON.stringify(key))).not.toContain(lines[3]);
    expect(redactor.redact(Buffer.from(key).toString('base64'))).toMatch(/^.{0,12}\*\*\*.{0,12}$/);
    expect(redactor.redact('-----BEGIN PRIVATE KEY-----')).toBe('-----BEGIN PRIVATE KEY-----');
  });

  test('as user name and password, in both spellings', () => {
    const redactor = new Redactor();
    redactor.addBasic('maria', 'correct-horse');
    expect(redactor.redact('maria has correct-horse')).toBe('maria has ***');
    expect(redactor.redact(`Basic ${btoa('maria:correct-horse')}`)).toBe('Basic ***');
    expect(
      redactor.redact(`authorization=${encodeURIComponent(`Basic ${btoa('maria:correct-horse')}`)}`),
    ).toBe('authorization=Basic%20***');
  });

  test('as the value of a header, with and without its scheme', () => {
    const redactor = new Redactor();
    redactor.addHeader(`Bearer ${TOKEN}`);
    redactor.addHeader(`Basic ${btoa('maria:correct-horse')}`);
    redactor.addHeader('session=0123456789; theme=dark');
    redactor.addHeader('a-key-without-scheme');
    expect(redactor.redact(`${TOKEN} correct-horse 0123456789 dark a-key-without-scheme`)).toBe(
      '*** *** *** dark ***',
    );
  });
});

describe('a short secret', () => {
  test.each(['admin', 'true', 'v1', '1234567'])('%s hides no words', (password) => {
    const redactor = redactorOf(password);
    expect(redactor.redact(`admin true v1 v1=80,v2=20 1234567`)).toBe('admin true v1 v1=80,v2=20 1234567');
  });

  test('is hidden behind its scheme', () => {
    const redactor = redactorOf('s3cret');
    redactor.addBasic('ci', 'admin');
    expect(redactor.redact('Authorization: Bearer s3cret')).toBe('Authorization: ***');
    expect(redactor.redact('{"authorization":"bearer s3cret"}')).toBe('{"authorization":"***"}');
    expect(redactor.redact(`Basic ${btoa('ci:admin')}`)).toBe('Basic ***');
    expect(redactor.redact('Bearer s3crets are kept')).toBe('Bearer s3crets are kept');
  });

  test('with a colon is hidden in the form in which it is sent', () => {
    const redactor = new Redactor();
    redactor.addBasic('a', 'b');
    expect(redactor.redact('Basic YTpi')).toBe('***');
  });
});

describe('the credentials of others are recognized by their form', () => {
  const { redact } = { redact: (text: string) => new Redactor().redact(text) };

  test.each([
    [`got ${TOKEN}.`, 'got ***.'],
    ['Authorization: Bearer abc.def', 'Authorization: Bearer ***'],
    ['{"authorization":"basic Y2k6YWRtaW4="}', '{"authorization":"basic ***"}'],
    [`ghs_${'a1'.repeat(18)} and github_pat_${'a1'.repeat(18)}`, '*** and ***'],
    [`k8s-aws-v1.${'aHR0'.repeat(20)}`, '***'],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
      '***-----END RSA PRIVATE KEY-----',
    ],
  ])('%s', (text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  test.each([
    'Basic authentication is disabled',
    'Authorization: the user ci may not list pods',
    'a Bearer token is required',
    'Image eyJhbGciOi.example.com/app',
    '-----BEGIN CERTIFICATE-----\nMIIE',
  ])('but not "%s"', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('names', () => {
  test('stay, even if a password is the same', () => {
    const redactor = new Redactor();
    redactor.allow(['helloworld', 'arn:aws:eks:eu-central-1:1:cluster/east']);
    redactor.addBasic('ci', 'helloworld');
    redactor.add('eks:eu-central-1');
    expect(redactor.redact('Deployment helloworld in arn:aws:eks:eu-central-1:1:cluster/east')).toBe(
      'Deployment helloworld in arn:aws:eks:eu-central-1:1:cluster/east',
    );
    expect(redactor.redact(`Basic ${btoa('ci:helloworld')}`)).toBe('Basic ***');
  });

  test('and short secrets are not masked', () => {
    const redactor = new Redactor();
    const masked: string[] = [];
    redactor.watch((secret) => masked.push(secret));
    redactor.allow(['helloworld']);
    for (const secret of ['helloworld', 'admin', TOKEN, TOKEN, ` ${TOKEN}\n`]) redactor.add(secret);
    redactor.hide('hidden-but-not-masked');
    expect(masked).toEqual([TOKEN]);
  });
});

test('a kubeconfig is hidden as a whole, and its base64 in any part, but not the names in it', () => {
  const redactor = new Redactor();
  const text = `apiVersion: v1\nkind: Config\nclusters:\n- name: east\n  cluster: {server: https://east.example.com:6443}\n`;
  redactor.hideWhole(text);
  expect(redactor.redact(`got ${text.trim()}`)).toBe('got ***');
  expect(redactor.redact('https://east.example.com:6443')).toBe('https://east.example.com:6443');
  expect(redactor.redact(btoa(text.trim()).slice(10, 60))).toBe('***');
});

test('a long text is redacted with pauses, also where a secret lies across one', async () => {
  const redactor = redactorOf(TOKEN);
  const pauses: number[] = [];
  const pause = (): Promise<void> => {
    pauses.push(1);
    return Promise.resolve();
  };
  const stretch = 1024 * 1024;
  for (let before = 0; before <= TOKEN.length + 1; before += 1) {
    const [start, end] = ['-'.repeat(stretch - before), '-'.repeat(100)];
    const redacted = await redactor.redactWithPauses(`${start}${TOKEN}${end}`, pause);
    expect(redacted === `${start}***${end}`).toBe(true);
  }
  expect(pauses.length).toBeGreaterThan(TOKEN.length);
  pauses.length = 0;
  const texts = [TOKEN, TOKEN.repeat(1_000), TOKEN.repeat(1_000)];
  expect(await redactor.redactInWithPauses({ texts }, pause)).toEqual(redactor.redactIn({ texts }));
  expect(pauses).toHaveLength(2);
});

test('a long value of few characters is found in a long text of the same characters', () => {
  const redactor = new Redactor();
  const value = `${'a'.repeat(300_000)}b`;
  redactor.hideWhole(value);
  const almost = `${'a'.repeat(299_999)}c`;
  expect(redactor.redact(`${almost}${value}c`)).toBe(`${almost}***c`);
});

test('one secret that begins within another and goes on behind it is hidden too', () => {
  const redactor = new Redactor();
  for (const whole of ['abcdefgh12345678', '1234567890abcdefgh']) redactor.hideWhole(whole);
  expect(redactor.redact('<abcdefgh1234567890abcdefgh>')).toBe('<***>');
});

describe.each(['parts', 'whole'] as const)('thousands of secrets (%s)', (extent) => {
  test.each([
    ['beginning', (own: string, common: string) => common + own],
    ['end', (own: string, common: string) => own + common],
  ])('with the same %s are told apart in pieces of little work', async (_, of) => {
    const redactor = new Redactor();
    const common = 'production-database-password-';
    const secrets = Array.from({ length: 5_000 }, (_, i) =>
      of((i * 7_919 + 100_000).toString(36) + 'x'.repeat(i % 40), common),
    );
    for (const secret of secrets) redactor.add(secret, extent);
    const text = secrets.map((secret, i) => (i % 2 === 0 ? secret : common)).join(' ');
    let pauses = 0;
    const shown = await redactor.redactWithPauses(text, () => {
      pauses += 1;
      return Promise.resolve();
    });
    const hidden = extent === 'parts' ? '***' : common;
    expect(shown === secrets.map((_, i) => (i % 2 === 0 ? '***' : hidden)).join(' ')).toBe(true);
    expect(pauses).toBeGreaterThan(0);
  });
});

test('a value is redacted in all its texts, and counts of the same text are added up', () => {
  const redactor = redactorOf(TOKEN);
  const at = new Date(0);
  expect(
    redactor.redactIn({
      list: [TOKEN, 1, null, undefined, { [TOKEN]: true }],
      map: new Map<string, unknown>([
        [`a ${TOKEN}`, 2],
        [`a ${TOKEN}${TOKEN}`, 3],
        ['b', { c: TOKEN }],
      ]),
      set: new Set([TOKEN]),
      at,
    }),
  ).toEqual({
    list: ['***', 1, null, undefined, { '***': true }],
    map: new Map<string, unknown>([
      ['a ***', 5],
      ['b', { c: '***' }],
    ]),
    set: new Set(['***']),
    at,
  });
});
