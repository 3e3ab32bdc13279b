import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readInputs } from '../../src/github/inputs.ts';
import type { InputName, Inputs } from '../../src/github/inputs.ts';
import { parseReleaseFile, readReleaseFile } from '../../src/github/release-file.ts';
import { releaseFromInputs } from '../../src/github/release-from-inputs.ts';

const FILE = '.github/canary.yml';

/** What the action makes of a release file, with inputs beside it. */
function read(
  yaml: string,
  inputs: Readonly<Record<string, string>> = {},
): { readonly values: Partial<Inputs>; readonly problems: readonly string[] } {
  const file = parseReleaseFile(FILE, yaml);
  const { values, problems, sources } = readInputs((name) => inputs[name] ?? '', file.values);
  const release = releaseFromInputs(values, ['east', 'west', 'north'], sources);
  return { values, problems: [...file.problems, ...problems, ...release.problems] };
}

/** A file that is complete but for what is added. */
const least = 'app: helloworld\nnamespace: gray-demo\nclusters: {v1: east, v2: west}\n';

describe('a YAML value', () => {
  test.each<[InputName, string, string]>([
    ['clusters', 'clusters: {v1: east, v2: [west, north]}', 'v1: east, v2: west, north'],
    ['clusters', 'clusters:\n  v1: east\n  v2: "west, north"', 'v1: east, v2: west, north'],
    ['clusters', 'clusters:\n  - east\n  - west', 'east, west'],
    ['config-clusters', 'config-clusters: [east]', 'east'],
    ['ingress', 'ingress: {east: http://203.0.113.7, west: none}', 'east=http://203.0.113.7,west=none'],
    [
      'image',
      'image: {v1: registry.example:5000/app:1, v2: app:2}',
      'v1=registry.example:5000/app:1,v2=app:2',
    ],
    ['image', 'image: app:2', 'app:2'],
    ['port', 'port: 5000', '5000'],
    ['replicas', 'replicas: 0', '0'],
    ['injection', 'injection: off', 'off'],
    ['ready-timeout', 'ready-timeout: 90', '90s'],
    ['bake', 'bake: 5m', '5m'],
    ['weights', 'weights: {v1: 80, v2: 20}', 'v1=80,v2=20'],
    ['weights', 'weights: v1=80,v2=20', 'v1=80,v2=20'],
    ['weights', 'weights: |\n  v1: 80\n  v2: 20', 'v1=80,v2=20'],
    ['steps', 'steps: [20, 50, 100]', '20,50,100'],
    ['steps', 'steps: 20,50,100', '20,50,100'],
    ['steps', 'steps: 100', '100'],
    ['gateway-selector', 'gateway-selector: {istio: gate, zone: a}', 'istio=gate,zone=a'],
    [
      'headers',
      'headers: {accept: "text/html, text/plain", x-user: 7}',
      'accept: text/html, text/plain\nx-user: 7',
    ],
    ['version-from', 'version-from: json:/version', 'json:/version'],
    ['tolerance', 'tolerance: 2.5', '2.5'],
    ['summary', 'summary: false', 'false'],
    ['comment', 'comment: "false"', 'false'],
    ['on-failure', 'on-failure: keep', 'keep'],
  ])('of %s (%j) reads like the input %j', (name, yaml, text) => {
    const inFile = readInputs(() => '', parseReleaseFile(FILE, yaml).values).values;
    const asInput = readInputs((input) => (input === name ? text : '')).values;
    expect(asInput[name]).toBeDefined();
    expect(inFile[name]).toEqual(asInput[name]);
  });

  test('keeps the text of a version that looks like a number', () => {
    const { values } = read(`${least}version: 0110\n`);
    expect(values.version).toBe('0110');
  });

  test('in a list is one entry, even with a comma', () => {
    const { values } = readInputs(
      () => '',
      parseReleaseFile(FILE, 'manifests: ["deploy/{a,b}.yaml"]').values,
    );
    expect(values.manifests).toEqual(new Map([[undefined, ['deploy/{a,b}.yaml']]]));
  });

  test('may come from an anchor', () => {
    const { values, problems } = read(
      `${least}weights: &all {v1: 80, v2: 20}\nconfig-clusters: [&e east]\ningress: {*e : none}\n`,
    );
    expect(problems).toEqual([]);
    expect(values.ingress).toEqual(new Map([['east', 'none']]));
  });

  test.each(['', '~', 'null', '""', '[]', '{}'])('that is empty (%j) counts as not given', (yaml) => {
    const { values, problems } = read(`${least}steps: ${yaml}\n`);
    expect(problems).toEqual([]);
    expect(values.steps).toEqual([]);
  });
});

describe('an input', () => {
  test('overrides the file', () => {
    const { values, problems } = read(`${least}weights: {v1: 80, v2: 20}\ntolerance: 3\n`, {
      weights: 'v1=50,v2=50',
    });
    expect(problems).toEqual([]);
    expect(values.weights).toEqual(
      new Map([
        ['v1', 50],
        ['v2', 50],
      ]),
    );
    expect(values.tolerance).toBe(3);
  });

  test('that is empty leaves the value of the file', () => {
    expect(read(`${least}tolerance: 3\n`, { tolerance: ' ' }).values.tolerance).toBe(3);
  });

  test('that is refused is not replaced by the file', () => {
    const { values, problems } = read(`${least}port: 80\n`, { port: 'http' });
    expect(problems).toEqual(['Input port: got "http"; expected a whole number from 1 to 65535.']);
    expect(values.port).toBeUndefined();
  });
});

describe('a problem', () => {
  test.each([
    ['port: http', '4: port: got "http"; expected a whole number from 1 to 65535.'],
    [
      'weights: {v1: 80, v2: 30}',
      '4: weights: got {"v1":"80","v2":"30"} (the weights add up to 110); expected a whole percentage for each version, adding up to 100, such as v1=80,v2=20.',
    ],
    [
      'weights: [80, 20]',
      '4: weights: got ["80","20"]; expected a whole percentage for each version, adding up to 100, such as v1=80,v2=20.',
    ],
    [
      '\n\nsteps: [50, 20]',
      '6: steps: got ["50","20"]; expected rising whole percentages from 1 to 100, such as 20,50,100.',
    ],
    ['path: {a: b}', '4: path: got {"a":"b"}; expected a path that begins with /.'],
    ['headers: {accept: }', '4: headers: got accept; expected name: value, one per line.'],
    [
      'headers: {accept: ""}',
      '4: headers: got accept ("accept" has no value); expected name: value, one per line.',
    ],
    ['summary: sometimes', '4: summary: got "sometimes"; expected true or false.'],
  ])('of %j names file, line, key, value and what was expected', (yaml, problem) => {
    expect(read(`${least}${yaml}\n`).problems).toEqual([`${FILE}:${problem}`]);
  });

  test('between keys names the place too', () => {
    const { problems } = read(`${least}steps: [20, 100]\nconfig-clusters: [wset]\n`);
    expect(problems).toEqual([
      `${FILE}:5: config-clusters: got "wset", which is not a context; the kubeconfig contains east, west, north.`,
      `${FILE}:4: steps: these are weights of the version being released; set the input version too.`,
    ]);
  });

  test.each([
    ['kubeconfig', 'kubeconfig'],
    ['github-token', 'github-token'],
    ['config', 'config'],
    ['operation', 'operation'],
  ])(
    'is reported for %s, which the file may not contain, with the remedy and without the value',
    (key, remedy) => {
      const { problems } = read(`${least}${key}: s3cret\n`);
      expect(problems).toEqual([
        expect.stringMatching(`^${FILE}:4: ${key}: is not allowed.*use the input ${remedy}\\.$`),
      ]);
      expect(problems.join()).not.toContain('s3cret');
    },
  );

  test.each([
    ['weight', 'weights'],
    ['Weights', 'weights'],
    ['virtualService', 'virtual-service'],
    ['max_rps', 'max-rps'],
    ['cluster', 'clusters'],
  ])('is reported for the unknown key %s, with the suggestion %s', (key, nearest) => {
    expect(read(`${least}${key}: 1\n`).problems).toEqual([
      `${FILE}:4: ${key}: is not a key of the release file; did you mean ${nearest}?`,
    ]);
  });

  test('is reported for every key and every input at once', () => {
    const { problems } = read('app: Hello\nport: http\nfoo: 1\n', { namespace: 'a b', clusters: ',' });
    const places = problems.map((problem) => /^(.*?: ?[a-z]+|Input [a-z]+): /.exec(problem)?.[1]);
    expect(places).toEqual([
      `${FILE}:3: foo`,
      'Input clusters',
      `${FILE}:1: app`,
      'Input namespace',
      `${FILE}:2: port`,
    ]);
  });

  test.each([
    ['weights: {v1: 80', /^\.github\/canary\.yml:\d does not parse: /],
    ['app: a\napp: b', /^\.github\/canary\.yml:2 does not parse: Map keys must be unique\.$/],
    ['- app', /contains a list; expected inputs by name/],
    ['hello', /contains text; expected inputs by name/],
    ['app: a\n---\napp: b', /contains 2 YAML documents; expected one/],
    ['<<: app', /^\.github\/canary\.yml does not parse: Merge sources must be maps/],
    ['app: !!js/function x', /:1 does not parse: Unresolved tag/],
    ['app: a\nport: *p', /:2 does not parse: the alias \*p has no anchor\.$/],
  ])('of the whole file (%j) is reported', (yaml, problem) => {
    expect(parseReleaseFile(FILE, yaml).problems).toEqual([expect.stringMatching(problem)]);
  });

  test.each(['', '\n# nothing yet\n', '---\n'])('is not an empty file (%j)', (yaml) => {
    expect(parseReleaseFile(FILE, yaml)).toEqual({ values: new Map(), problems: [] });
  });
});

describe('the file', () => {
  let folder: string;
  let before: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-file-'));
    before = process.cwd();
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  test('may be missing unless it is named', () => {
    expect(readReleaseFile('')).toEqual({ values: new Map(), problems: [] });
  });

  test('is reported as missing when it is named', () => {
    expect(readReleaseFile('release.yml').problems).toEqual([
      expect.stringMatching(/^Input config: got "release\.yml", which does not exist; expected /),
    ]);
  });

  test('is read from the given path', () => {
    writeFileSync('other.yml', 'tolerance: 3\n');
    expect(readReleaseFile(' other.yml ').values).toEqual(
      new Map([['tolerance', { value: '3', source: 'other.yml:1: tolerance', place: expect.any(Function) }]]),
    );
  });

  test('is reported when it is a folder', () => {
    expect(readReleaseFile('.').problems).toEqual([
      'The release file . is a directory; expected a regular file.',
    ]);
  });

  test('is reported as missing when a file is on the way', () => {
    writeFileSync('file.yml', '');
    expect(readReleaseFile('file.yml/canary.yml').problems).toEqual([
      expect.stringContaining('got "file.yml/canary.yml", which does not exist;'),
    ]);
  });

  test.each([
    ['/dev/zero', 'is a device; expected a regular file'],
    ['large.yml', 'has more than 64 KiB, the most that is read'],

    ['link.yml', 'leads through a symbolic link to /etc/hostname, outside '],
    ['nowhere.yml', 'goes through a symbolic link that leads nowhere or to itself'],
  ])('is refused when it is %s', (path, problem) => {
    writeFileSync('large.yml', '#'.repeat(64 * 1024 + 1));
    for (const [target, name] of [
      ['/etc/hostname', 'link.yml'],
      ['gone', 'nowhere.yml'],
    ] as const) {
      rmSync(name, { force: true });
      symlinkSync(target, name);
    }
    expect(readReleaseFile(path).problems).toEqual([
      expect.stringContaining(`The release file ${path} ${problem}`),
    ]);
  });

  test('may be a link to another file of the checkout', () => {
    writeFileSync('real.yml', 'tolerance: 3\n');
    symlinkSync('real.yml', 'linked.yml');
    expect(readReleaseFile('linked.yml').values.size).toBe(1);
  });
});

test('aliases in excess are refused', () => {
  const levels = Array.from({ length: 9 }, (_, i) => {
    const aliases = Array.from({ length: 9 }, () => `*l${String(i)}`);
    return `l${String(i + 1)}: &l${String(i + 1)} [${aliases.join(', ')}]`;
  });
  expect(parseReleaseFile(FILE, ['l0: &l0 x', ...levels].join('\n')).problems).toEqual([
    `${FILE} does not parse: its aliases express too many values.`,
  ]);
  const many = `app: &a x\nhosts: [${'*a,'.repeat(5_000)}]`;
  expect(parseReleaseFile(FILE, many).problems).toEqual([
    `${FILE}:2 does not parse: it has more than 100 aliases.`,
  ]);
});

test('values nested too deeply are refused', () => {
  expect(parseReleaseFile(FILE, '['.repeat(20_000)).problems).toEqual([
    `${FILE}:1 does not parse: its values are nested too deeply.`,
  ]);
});

test('a key that objects inherit is refused like any other', () => {
  expect(parseReleaseFile(FILE, '__proto__: x').problems).toEqual([
    expect.stringMatching(/:1: __proto__: is not a key of the release file; did you mean /),
  ]);
});
