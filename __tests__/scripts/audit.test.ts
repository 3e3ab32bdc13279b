import { describe, expect, test } from '@jest/globals';
import { describeAudit, readAudit } from '../../scripts/audit.ts';

/** Answers of npm 11, shortened. */
const CLEAN = { auditReportVersion: 2, vulnerabilities: {}, metadata: {} };
const VULNERABLE = {
  auditReportVersion: 2,
  vulnerabilities: {
    'js-yaml': {
      name: 'js-yaml',
      severity: 'moderate',
      range: '<3.14.2',
      via: [{ title: 'Prototype pollution', url: 'https://example.com/GHSA-1' }],
    },
    client: { name: 'client', severity: 'moderate', range: '*', via: ['js-yaml'] },
  },
};
const WITHOUT_ENDPOINT = {
  message: '405 Method Not Allowed - POST https://registry.example.com/advisories/bulk',
  statusCode: 405,
  error: { summary: '', detail: '' },
};
const OUTAGE = { message: '503 Service Unavailable', statusCode: 503, error: { summary: '', detail: '' } };
const WITHOUT_KEYS = {
  error: {
    code: 'EAUDIT',
    summary: 'found no dependencies to audit that were installed from a supported registry',
    detail: '',
  },
};
const OFFLINE = { error: { code: 'ENOTFOUND', summary: 'getaddrinfo ENOTFOUND', detail: '' } };
const SIGNED = { invalid: [], missing: [] };
const UNSIGNED = {
  invalid: [{ name: 'left', version: '1.0.0' }],
  missing: [{ name: 'right', version: '2.0.0' }],
};

describe('an audit', () => {
  test.each([
    ['without vulnerabilities is clean', CLEAN, 'clean', []],
    [
      'with vulnerabilities names each, and why',
      VULNERABLE,
      'found',
      [
        'js-yaml <3.14.2, moderate: Prototype pollution, https://example.com/GHSA-1',
        'client *, moderate: through js-yaml',
      ],
    ],
    [
      'of a registry without the endpoint is unavailable',
      WITHOUT_ENDPOINT,
      'unavailable',
      [WITHOUT_ENDPOINT.message],
    ],
    ['of a registry without keys is unavailable', WITHOUT_KEYS, 'unavailable', [WITHOUT_KEYS.error.summary]],
    ['of a registry that is down has failed', OUTAGE, 'failed', [OUTAGE.message]],
    ['without a network has failed', OFFLINE, 'failed', [OFFLINE.error.summary]],
    ['with all signatures is clean', SIGNED, 'clean', []],
    [
      'with wrong signatures names each',
      UNSIGNED,
      'found',
      ['left@1.0.0: invalid signature', 'right@2.0.0: missing signature'],
    ],
    ['of an unknown form has failed', { anything: 1 }, 'failed', ['npm printed JSON of an unknown form.']],
  ])('%s', (_, answer, result, lines) => {
    expect(readAudit(JSON.stringify(answer))).toEqual({ result, lines });
  });

  test('that prints nothing has failed', () => {
    expect(readAudit('').result).toBe('failed');
  });
});

test('what was not checked is said', () => {
  expect(describeAudit('Signatures', { result: 'unavailable', lines: ['405'] })).toBe(
    '::warning title=Signatures::Not checked, since this registry does not offer it: 405',
  );
});
