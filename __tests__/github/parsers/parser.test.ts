import { describe, expect, test } from '@jest/globals';
import { ingresses } from '../../../src/github/parsers/clusters.ts';
import { dnsLabel } from '../../../src/github/parsers/kubernetes-names.ts';
import { wholeNumber } from '../../../src/github/parsers/numbers.ts';
import { weights } from '../../../src/github/parsers/versions.ts';
import '../../support/one-realm.ts';
import { read } from '../../support/parsers.ts';

describe('the message about a refused value', () => {
  test('names what was given and what was expected', () => {
    expect(() => read(wholeNumber(1, 65_535), ' eighty ')).toThrow(
      'got "eighty"; expected a whole number from 1 to 65535',
    );
  });

  test('says which part is wrong', () => {
    expect(() => read(weights, 'v1=80,v2=30')).toThrow(
      'got "v1=80,v2=30" (the weights add up to 110); expected a whole percentage for each version, adding up to 100, such as v1=80,v2=20',
    );
  });

  test('shows the beginning of a long text', () => {
    expect(() => read(dnsLabel, 'x'.repeat(500))).toThrow(`got "${'x'.repeat(120)}…"; expected`);
  });

  test.each([
    ['http://anna:s/e@c?r"e@203.0.113.7', 'http://…@203.0.113.7'],
    ['http://anna:s/e@cre@203.0.113.7', 'http://…@203.0.113.7'],
    ['http://203.0.113.7/?token=secret', 'http://203.0.113.7/?…'],
  ])('hides what is secret in the URL %s', (url, shown) => {
    expect(() => read(ingresses, `east=${url}`)).toThrow(`got ${JSON.stringify(`east=${shown}`)} (`);
  });

  test('hides the password in a URL', () => {
    expect(() => read(ingresses, 'east=http://anna:secret@203.0.113.7')).toThrow(
      'got "east=http://…@203.0.113.7" ("http://…@203.0.113.7" contains a user',
    );
  });
});
