import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import * as parse from '../../src/github/parsers.ts';
import '../support/one-realm.ts';

type Schema = z.ZodType;

/** What a text is read as; a text that is refused throws its problem. */
function read(schema: Schema, text: string): unknown {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ message }) => message).join('; '));
}

/** `takes` and `refuses`, for a parser: the tables of its tests. */
function takes(schema: Schema, cases: readonly (readonly [string, unknown])[]): void {
  test.each(cases)('takes %j', (text, value) => {
    expect(read(schema, text)).toEqual(value);
  });
}

function refuses(schema: Schema, texts: readonly string[]): void {
  test.each(texts.map((text) => [text]))('refuses %j', (text) => {
    expect(() => read(schema, text)).toThrow('; it takes ');
  });
}

const mapOf = (...pairs: readonly (readonly [string, unknown])[]): ReadonlyMap<string, unknown> =>
  new Map(pairs);

describe('a problem', () => {
  test('names what it got and what it takes', () => {
    expect(() => read(parse.wholeNumber(1, 65_535), ' eighty ')).toThrow(
      'got "eighty"; it takes a whole number from 1 to 65535',
    );
  });

  test('says which part does not fit', () => {
    expect(() => read(parse.weights, 'v1=80,v2=30')).toThrow(
      'got "v1=80,v2=30" (they sum to 110); it takes a whole percent for each version, 100 in all, such as v1=80,v2=20',
    );
  });

  test('of a long text shows its beginning', () => {
    expect(() => read(parse.dnsLabel, 'x'.repeat(500))).toThrow(`got "${'x'.repeat(120)}…"; it takes`);
  });

  test('does not show the password of a URL', () => {
    expect(() => read(parse.ingresses, 'east=http://anna:secret@203.0.113.7')).toThrow(
      'got "east=http://…@203.0.113.7" ("http://…@203.0.113.7" contains a user',
    );
  });
});

describe('a choice', () => {
  const schema = parse.choice('rollback', 'keep');
  takes(schema, [
    ['rollback', 'rollback'],
    [' keep\n', 'keep'],
  ]);
  refuses(schema, ['', 'Keep', 'rollback keep', 'constructor']);
});

describe('a flag', () => {
  takes(parse.flag, [
    ['true', true],
    ['false', false],
    ['True', true],
    ['FALSE', false],
    [' true ', true],
  ]);
  refuses(parse.flag, ['', 'yes', '1', 'truee', 'constructor', '__proto__']);
});

describe('a name of a namespace or an app', () => {
  takes(parse.dnsLabel, [
    ['a', 'a'],
    ['gray-demo', 'gray-demo'],
    ['1a', '1a'],
    ['x'.repeat(63), 'x'.repeat(63)],
    [' hello\r\n', 'hello'],
  ]);
  refuses(parse.dnsLabel, ['', 'Hello', 'a.b', 'a_b', '-a', 'a-', 'a b', 'x'.repeat(64), 'größe', 'a\nb']);
});

describe('a name of an object', () => {
  takes(parse.objectName, [
    ['public', 'public'],
    ['a.b-c', 'a.b-c'],
    ['1-28', '1-28'],
    ['x'.repeat(253), 'x'.repeat(253)],
  ]);
  refuses(parse.objectName, ['', 'A', '.a', 'a.', 'a/b', 'x'.repeat(254)]);
});

describe('a Gateway', () => {
  takes(parse.gatewayName, [
    ['public', 'public'],
    ['istio-system/public', 'istio-system/public'],
  ]);
  refuses(parse.gatewayName, ['', '/', 'a/', '/a', 'a/b/c', 'A/b', 'a / b']);
});

describe('a version', () => {
  takes(parse.version, [
    ['v2', 'v2'],
    ['1-2-3-rc-4', '1-2-3-rc-4'],
    ['20260101', '20260101'],
    ['constructor', 'constructor'],
    ['x'.repeat(63), 'x'.repeat(63)],
  ]);
  refuses(parse.version, ['', 'V 2', 'V_2', 'v1.2', 'v2-', 'v2/x', 'v2=', 'x'.repeat(64)]);
});

test('weights of a version with dots are refused with the name to take instead', () => {
  expect(parse.weights.safeParse('v1=80,v1.2=20').error?.issues[0]?.message).toContain(
    '"v1.2" is not the name of a version: Istio allows no dots in the name of a subset. Write v1-2; its subset may select pods by a label with dots',
  );
});

describe('a whole number', () => {
  const schema = parse.wholeNumber(0, 100);
  takes(schema, [
    ['0', 0],
    ['100', 100],
    [' 7 ', 7],
    ['007', 7],
  ]);
  refuses(schema, ['', '-1', '101', '1.5', '1e1', '0x1', 'ten', '+5', '１', '99999999999999999999']);
});

describe('a number', () => {
  const schema = parse.number(0.1, 50, 'points');
  takes(schema, [
    ['5', 5],
    ['0.1', 0.1],
    ['2.5', 2.5],
    ['50', 50],
  ]);
  refuses(schema, ['', '0', '50.1', 'NaN', 'Infinity', '5 %', '-5', '5,5']);
});

describe('a duration', () => {
  takes(parse.duration, [
    ['90', 90_000],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['250ms', 250],
    ['0', 0],
    ['5 m', 300_000],
  ]);
  refuses(parse.duration, ['', '-1s', '1d', '1h30m', 's', '1.s', '.5s', '1e3', 'soon']);

  test.each(['2.03s', '0.0005s', '1.0001m'])('of %s is whole milliseconds, as timers take them', (text) => {
    expect(Number.isInteger(read(parse.duration, text))).toBe(true);
  });

  // Node's timers hold a signed 32-bit number of milliseconds, and fire at once beyond it.
  test.each(['600h', '2147483648ms', '99999999999h'])('of %s is refused: no timer holds it', (text) => {
    expect(() => read(parse.duration, text)).toThrow('; it takes ');
  });
});

describe('a list', () => {
  takes(parse.list, [
    ['east', ['east']],
    ['east, west', ['east', 'west']],
    ['east\nwest\n', ['east', 'west']],
    ['east\r\nwest\r\n', ['east', 'west']],
    [' east ,, west ,', ['east', 'west']],
    ['arn:aws:eks:eu-west-1:123456789012:cluster/prod', ['arn:aws:eks:eu-west-1:123456789012:cluster/prod']],
  ]);
  refuses(parse.list, ['', ',', ' \n ']);
});

describe('a map', () => {
  takes(parse.map, [
    ['istio=ingressgateway', mapOf(['istio', 'ingressgateway'])],
    ['istio: ingressgateway', mapOf(['istio', 'ingressgateway'])],
    ['a=b\nc = d, e : f', mapOf(['a', 'b'], ['c', 'd'], ['e', 'f'])],
    ['a=b=c', mapOf(['a', 'b=c'])],
    ['a: b=c', mapOf(['a', 'b=c'])],
    ['__proto__=x', mapOf(['__proto__', 'x'])],
  ]);
  refuses(parse.map, ['a', '=b', 'a=', 'a=b,a=c', 'a:b']);
});

describe('headers', () => {
  takes(parse.headers, [
    ['x-user: anna', { 'x-user': 'anna' }],
    ['cookie: a=b; c=d', { cookie: 'a=b; c=d' }],
    ['accept: text/html, */*\r\nx-user=anna\r\n', { accept: 'text/html, */*', 'x-user': 'anna' }],
    ['referer: https://example.com/?a=b', { referer: 'https://example.com/?a=b' }],
    ['', {}],
  ]);
  refuses(parse.headers, [
    'x-user',
    'x-user: a\nx-user: b',
    'bad name: a',
    'x: a\u0000b',
    'X-Canary-Version: v2',
  ]);

  // What is refused is shown in the log, the summary, and on the pull request.
  test.each([
    ['authorization: Bearer s3cr3t\nx-tenant', 'got authorization: …, … (header 2 is not key=value)'],
    ['s3cr3t', 'got … (header 1 is not key=value)'],
    ['cookie: s3cr3t\ncookie: s3cr3t', 'got cookie: …, cookie: … ("cookie" is listed twice)'],
    ['x-token: s3cr3t\u0000', 'got x-token: … (Invalid character in header content'],
  ])('that are refused, %j, keep their values', (given, told) => {
    const problem = (): unknown => read(parse.headers, given);
    expect(problem).toThrow(told);
    expect(problem).not.toThrow('s3cr3t');
  });

  test('without a space behind the colon are not taken for another name', () => {
    const names = (): readonly string[] => {
      try {
        return Object.keys(read(parse.headers, 'cookie:a=b') as object);
      } catch {
        return ['cookie'];
      }
    };
    expect(names()).toEqual(['cookie']);
  });
});

describe('weights', () => {
  takes(parse.weights, [
    ['v1=80,v2=20', mapOf(['v1', 80], ['v2', 20])],
    ['v1: 80\nv2: 20', mapOf(['v1', 80], ['v2', 20])],
    ['v1: 80\r\nv2: 20\r\n', mapOf(['v1', 80], ['v2', 20])],
    ['v1=100', mapOf(['v1', 100])],
    ['v1=100,v2=0', mapOf(['v1', 100], ['v2', 0])],
    ['constructor=60, valueof=40', mapOf(['constructor', 60], ['valueof', 40])],
    ['10=80,2=20', mapOf(['10', 80], ['2', 20])],
  ]);
  refuses(parse.weights, [
    '',
    '80,20',
    'v1=80',
    'v1=80,v2=21',
    'v1=80.5,v2=19.5',
    'v1=-10,v2=110',
    'v1=80,v1=20',
    'v1=80%,v2=20%',
    'v1=,v2=100',
    '0',
  ]);

  test.each(['v1=80,new version=20', 'v1=80,v/2=20', `v1=80,${'x'.repeat(64)}=20`])(
    'refuse %j, which names no version',
    (text) => {
      expect(() => read(parse.weights, text)).toThrow('; it takes ');
    },
  );

  test('keep the order that they are given in', () => {
    expect([...(read(parse.weights, '10=80,2=20') as ReadonlyMap<string, number>).keys()]).toEqual([
      '10',
      '2',
    ]);
  });
});

describe('steps', () => {
  takes(parse.steps, [
    ['20,50,100', [20, 50, 100]],
    ['20%, 50 %\n100%', [20, 50, 100]],
    ['5', [5]],
  ]);
  refuses(parse.steps, ['', '0,50', '50,20', '20,20', '50,101', '20;50', 'v2=20']);
});

describe('the clusters', () => {
  const ARN = 'arn:aws:eks:eu-west-1:123456789012:cluster/prod';

  takes(parse.placement, [
    ['east', { byVersion: mapOf(), clusters: ['east'] }],
    ['east, west', { byVersion: mapOf(), clusters: ['east', 'west'] }],
    [
      'v1: east\nv2: west, north',
      { byVersion: mapOf(['v1', ['east']], ['v2', ['west', 'north']]), clusters: ['east', 'west', 'north'] },
    ],
    [
      'v1=east\r\nv2=west\r\n',
      { byVersion: mapOf(['v1', ['east']], ['v2', ['west']]), clusters: ['east', 'west'] },
    ],
    ['v1: east\nv2: east', { byVersion: mapOf(['v1', ['east']], ['v2', ['east']]), clusters: ['east'] }],
    ['v2: west\nnorth', { byVersion: mapOf(['v2', ['west', 'north']]), clusters: ['west', 'north'] }],
    [ARN, { byVersion: mapOf(), clusters: [ARN] }],
    [`v1: ${ARN}`, { byVersion: mapOf(['v1', [ARN]]), clusters: [ARN] }],
    [`v1=${ARN}`, { byVersion: mapOf(['v1', [ARN]]), clusters: [ARN] }],
    [
      'gke_project_europe-west3-a_main',
      { byVersion: mapOf(), clusters: ['gke_project_europe-west3-a_main'] },
    ],
    ['kubernetes-admin@kubernetes', { byVersion: mapOf(), clusters: ['kubernetes-admin@kubernetes'] }],
    ['v1: admin@east:6443', { byVersion: mapOf(['v1', ['admin@east:6443']]), clusters: ['admin@east:6443'] }],
  ]);
  refuses(parse.placement, ['', 'east, east', 'v1: east, east', 'v1: east\nv1: west', 'east\nv1: west']);

  test.each(['new version: east', 'v/1: east'])('refuse %j, which names no version', (text) => {
    expect(() => read(parse.placement, text)).toThrow('; it takes ');
  });
});

describe('images', () => {
  const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

  takes(parse.images, [
    ['nginx', 'nginx'],
    ['registry:5000/team/app:1.2.3', 'registry:5000/team/app:1.2.3'],
    [`registry.example.com/app@${DIGEST}`, `registry.example.com/app@${DIGEST}`],
    [`app:1@${DIGEST}`, `app:1@${DIGEST}`],
    ['v2=app:2', mapOf(['v2', 'app:2'])],
    ['v1=app:1\nv2: registry:5000/app:2', mapOf(['v1', 'app:1'], ['v2', 'registry:5000/app:2'])],
    ['app:V2_rc.1', 'app:V2_rc.1'],
  ]);
  refuses(parse.images, [
    'two words',
    'app@sha256:short',
    'v1=app:1,app:2',
    'v1=app:1,v1=app:2',
    'https://registry/app',
    'app:1:2',
    // An expression that came out empty: `app:${{ env.TAG }}`.
    'app:',
    'app@',
    'team//app:1',
    'team/App:1',
    'app/',
  ]);

  test.each(['new version=app:1', 'v/1=app:1'])('refuse %j, which names no version', (text) => {
    expect(() => read(parse.images, text)).toThrow('; it takes ');
  });
});

describe('where an answer tells its version', () => {
  takes(parse.versionSource, [
    ['auto', { from: 'auto' }],
    ['header:X-App-Version', { from: 'header', name: 'X-App-Version' }],
    ['body:build-(\\w+)', { from: 'body', pattern: /build-(\w+)/ }],
    ['body:a:b', { from: 'body', pattern: /a:b/ }],
    ['json:/app/version', { from: 'json', pointer: '/app/version' }],
  ]);
  refuses(parse.versionSource, [
    '',
    'auto:x',
    'header',
    'header:',
    'body:',
    'json:',
    'json:app',
    'cookie:x',
    'header:bad name',
  ]);

  test('refuses a pattern that is none, and says why', () => {
    expect(() => read(parse.versionSource, 'body:(')).toThrow('Invalid regular expression');
  });
});

describe('ingresses', () => {
  takes(parse.ingresses, [
    ['none', mapOf(['*', 'none'])],
    ['east=http://203.0.113.7', mapOf(['east', 'http://203.0.113.7'])],
    [
      'east: https://hello.example:8443/\nwest=none',
      mapOf(['east', 'https://hello.example:8443'], ['west', 'none']),
    ],
    ['east=http://[2001:db8::1]:8080', mapOf(['east', 'http://[2001:db8::1]:8080'])],
    [
      'arn:aws:eks:eu-west-1:123456789012:cluster/prod=http://203.0.113.7',
      mapOf(['arn:aws:eks:eu-west-1:123456789012:cluster/prod', 'http://203.0.113.7']),
    ],
    [
      'arn:aws:eks:eu-west-1:123456789012:cluster/prod: http://203.0.113.7',
      mapOf(['arn:aws:eks:eu-west-1:123456789012:cluster/prod', 'http://203.0.113.7']),
    ],
  ]);
  refuses(parse.ingresses, [
    'http://203.0.113.7',
    'east=203.0.113.7',
    'east=ftp://203.0.113.7',
    'east=http://203.0.113.7/hello',
    'east=http://203.0.113.7?a=b',
    'east=http://a,east=http://b',
    'east=http://user:secret@203.0.113.7',
  ]);
});

describe('a path', () => {
  takes(parse.urlPath, [
    ['/', '/'],
    ['/hello?name=a%20b', '/hello?name=a%20b'],
  ]);
  refuses(parse.urlPath, ['', 'hello', '/a b', 'http://a/']);

  test('with letters that HTTP does not carry is refused, or encoded', () => {
    const path = (): unknown => {
      try {
        return read(parse.urlPath, '/你好');
      } catch {
        return '/%E4%BD%A0%E5%A5%BD';
      }
    };
    expect(path()).toBe('/%E4%BD%A0%E5%A5%BD');
  });
});

describe('a host', () => {
  takes(
    parse.host,
    ['shop.example.com', 'shop.example.com:8443', '203.0.113.7', '[2001:db8::7]:8080', 'my_shop'].map(
      (host) => [host, host] as const,
    ),
  );
  refuses(parse.host, [
    'https://shop.example.com/',
    'a\r\nx: y',
    '*.example.com',
    'shop.example.com/hello',
    'shop:',
  ]);
});
