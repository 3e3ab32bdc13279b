import { describe, expect, test } from '@jest/globals';
import { ClusterError } from '../../../src/kubernetes/client/errors.ts';
import type { Status } from '../../../src/kubernetes/client/errors.ts';
import { CanaryError, InputError, messageOf } from '../../../src/core/errors.ts';

const TRIED = 'Updating VirtualService gray-demo/helloworld';
const message = (answer: { status?: number; body?: Status; cause?: unknown }): string =>
  new ClusterError('west', TRIED, answer).message;

describe('a cluster that refuses is told as a sentence: what was tried, where, what came back, what to do', () => {
  test.each<[string, number, Status | undefined, string]>([
    [
      'a missing right',
      403,
      { message: 'virtualservices is forbidden: User "ci" cannot update', reason: 'Forbidden' },
      `${TRIED} in west: virtualservices is forbidden: User "ci" cannot update (403 Forbidden). Grant this to the user of the kubeconfig in this cluster.`,
    ],
    [
      'a quota, which says itself what to do',
      403,
      { message: 'exceeded quota: pods', reason: 'Forbidden' },
      `${TRIED} in west: exceeded quota: pods (403 Forbidden)`,
    ],
    [
      'a webhook that denies the request',
      403,
      {
        message: 'admission webhook "validation.gatekeeper.sh" denied the request: [owner] no label owner',
        reason: 'Forbidden',
      },
      `${TRIED} in west: admission webhook "validation.gatekeeper.sh" denied the request: [owner] no label owner (403 Forbidden). Admission control of this cluster denied it, which no permission changes: comply with that rule, or have it changed.`,
    ],
    [
      'a policy of the API server that denies the request',
      403,
      {
        message: 'pods "hello" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
        reason: 'Forbidden',
      },
      `${TRIED} in west: pods "hello" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (403 Forbidden). Admission control of this cluster denied it, which no permission changes: comply with that rule, or have it changed.`,
    ],
    [
      'a namespace that is going, which says itself what to wait for',
      403,
      {
        message:
          'services "hello" is forbidden: unable to create new content in namespace gray-demo because it is being terminated',
        reason: 'Forbidden',
      },
      `${TRIED} in west: services "hello" is forbidden: unable to create new content in namespace gray-demo because it is being terminated (403 Forbidden)`,
    ],
    [
      'expired credentials',
      401,
      { message: 'Unauthorized', reason: 'Unauthorized' },
      `${TRIED} in west: Unauthorized (401 Unauthorized). The credentials of this context were rejected: renew them in the input kubeconfig.`,
    ],
    [
      'text that YAML takes for a boolean',
      500,
      {
        message:
          'failed to create typed patch object: .value: expected string, got &value.valueUnstructured{Value:true}',
      },
      `${TRIED} in west: failed to create typed patch object: .value: expected string, got &value.valueUnstructured{Value:true} (500). In YAML, as kubectl reads it, an unquoted yes, no, on, off or number is not text: put it in quotes.`,
    ],
    [
      'a change in between',
      409,
      { message: 'the object has been modified', reason: 'Conflict' },
      `${TRIED} in west: the object has been modified (409 Conflict). Someone else changed it in the meantime; run again.`,
    ],
    [
      'fields that belong to someone else',
      409,
      {
        message: 'Apply failed with 1 conflict',
        reason: 'Conflict',
        details: {
          causes: [
            { reason: 'FieldManagerConflict', field: '.spec.replicas', message: 'conflict with "kubectl"' },
          ],
        },
      },
      `${TRIED} in west: fields have other owners: .spec.replicas (conflict with "kubectl"). They are not taken over: release them there, or omit them here.`,
    ],
    [
      'an invalid object',
      422,
      { message: 'spec.http: Required value', reason: 'Invalid' },
      `${TRIED} in west: spec.http: Required value (422 Invalid)`,
    ],
    ['no reason', 500, undefined, `${TRIED} in west: no reason given (500)`],
    [
      'a text of a proxy',
      502,
      { message: '<html>Bad Gateway</html>' },
      `${TRIED} in west: <html>Bad Gateway</html> (502)`,
    ],
  ])('%s', (_what, status, body, text) => {
    expect(message({ status, ...(body === undefined ? {} : { body }) })).toBe(text);
  });
});

describe('a cluster that cannot be reached is told as a sentence', () => {
  test.each<[string, unknown, string]>([
    [
      'by the reason',
      new Error('connect ECONNREFUSED 127.0.0.1:6443'),
      `${TRIED} in west: connect ECONNREFUSED 127.0.0.1:6443. Is the API server of this context reachable from the runner?`,
    ],
    [
      'by the reason behind the reason',
      new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND east.example') }),
      `${TRIED} in west: getaddrinfo ENOTFOUND east.example. Is the API server of this context reachable from the runner?`,
    ],
    [
      'by each of several reasons',
      new TypeError('fetch failed', {
        cause: new AggregateError([new Error('ECONNREFUSED ::1'), new Error('ECONNREFUSED 127.0.0.1')], ''),
      }),
      `${TRIED} in west: ECONNREFUSED ::1; ECONNREFUSED 127.0.0.1. Is the API server of this context reachable from the runner?`,
    ],
    [
      'by the kind of an error without words',
      new RangeError(''),
      `${TRIED} in west: RangeError. Is the API server of this context reachable from the runner?`,
    ],
    [
      'by something that is no error',
      'cut off',
      `${TRIED} in west: cut off. Is the API server of this context reachable from the runner?`,
    ],
    [
      'by its certificate, which points to the kubeconfig',
      new TypeError('fetch failed', { cause: new Error('self-signed certificate in certificate chain') }),
      `${TRIED} in west: self-signed certificate in certificate chain. Check certificate-authority-data of this cluster in the input kubeconfig.`,
    ],
  ])('%s', (_what, cause, text) => {
    expect(message({ cause })).toBe(text);
  });
});

test('cluster, status and reason can be asked for', () => {
  const error = new ClusterError('west', TRIED, { status: 409, body: { reason: 'Conflict' } });
  expect([error.cluster, error.status, error.reason, error instanceof CanaryError]).toEqual([
    'west',
    409,
    'Conflict',
    true,
  ]);
});

describe('the text of anything thrown', () => {
  test.each<[string, unknown, string]>([
    ['is its message', new Error('a'), 'a'],
    ['is itself, where it is no error', 'a', 'a'],
    [
      'has the causes behind it',
      new Error('a', { cause: new Error('b', { cause: new Error('c') }) }),
      'a (b (c))',
    ],
    ['does not repeat a cause that it tells already', new Error('a: b', { cause: new Error('b') }), 'a: b'],
    ['of several is all of theirs', new AggregateError([new Error('a'), new Error('b')], ''), 'a; b'],
    [
      'of problems with the inputs is a list',
      new InputError(['a', 'b']),
      '2 problems with the inputs:\n- a\n- b',
    ],
    ['of a single problem is that problem', new InputError(['a']), 'a'],
  ])('%s', (_what, error, text) => {
    expect(messageOf(error)).toBe(text);
  });
});
