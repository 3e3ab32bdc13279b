/**
 * Asks the registry for known vulnerabilities of the packages in dist/, and checks the signatures of all installed packages. A
 * registry that does not offer this is said to, and does not fail.
 */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';

/** What npm prints with --json if the call itself failed. */
const FAILED = z.looseObject({
  message: z.string().optional(),
  statusCode: z.number().optional(),
  error: z.object({ code: z.string().optional(), summary: z.string().default('') }),
});
const VULNERABLE = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      severity: z.string(),
      range: z.string(),
      via: z.array(z.union([z.string(), z.object({ title: z.string(), url: z.string() })])),
    }),
  ),
});
const PACKAGE = z.object({ name: z.string(), version: z.string() });
const SIGNATURES = z.object({ invalid: z.array(PACKAGE), missing: z.array(PACKAGE) });

/** `unavailable`: the registry does not offer this audit; `failed`: it does, or might, and nothing is known. */
export interface Audit {
  readonly result: 'clean' | 'found' | 'unavailable' | 'failed';
  readonly lines: readonly string[];
}

/** The answers of a registry that has no such endpoint. */
const NOT_OFFERED = [404, 405, 501];

/** Reads what `npm audit --json` or `npm audit signatures --json` has printed. */
export function readAudit(printed: string): Audit {
  let answer: unknown;
  try {
    answer = JSON.parse(printed);
  } catch {
    return { result: 'failed', lines: [`npm printed no JSON: ${printed.slice(0, 200)}`] };
  }
  const failure = FAILED.safeParse(answer);
  if (failure.success) {
    const { statusCode = 0, message, error } = failure.data;
    // npm has no code of its own for a registry that publishes no keys.
    const offered = !NOT_OFFERED.includes(statusCode) && !error.summary.includes('supported registry');
    return { result: offered ? 'failed' : 'unavailable', lines: [message ?? error.summary] };
  }
  const known = VULNERABLE.safeParse(answer);
  if (known.success) {
    const lines = Object.entries(known.data.vulnerabilities).map(([name, { severity, range, via }]) => {
      const why = via.map((one) => (typeof one === 'string' ? `through ${one}` : `${one.title}, ${one.url}`));
      return `${name} ${range}, ${severity}: ${why.join('; ')}`;
    });
    return { result: lines.length === 0 ? 'clean' : 'found', lines };
  }
  const signatures = SIGNATURES.safeParse(answer);
  if (!signatures.success) return { result: 'failed', lines: ['npm printed JSON of an unknown form.'] };
  const lines = (['invalid', 'missing'] as const).flatMap((kind) =>
    signatures.data[kind].map(({ name, version }) => `${name}@${version}: ${kind} signature`),
  );
  return { result: lines.length === 0 ? 'clean' : 'found', lines };
}

/** The line for the log of a workflow. */
export function describeAudit(name: string, { result, lines }: Audit): string {
  const detail = lines.join('%0A');
  switch (result) {
    case 'clean':
      return `${name}: nothing found`;
    case 'unavailable':
      return `::warning title=${name}::Not checked, since this registry does not offer it: ${detail}`;
    case 'found':
      return `::error title=${name}::${detail}`;
    case 'failed':
      return `::error title=${name}::Not checked: ${detail}`;
  }
}

if (process.argv[1] === import.meta.filename) {
  const audits = [
    ['Known vulnerabilities', ['audit', '--omit=dev', '--json']],
    ['Signatures', ['audit', 'signatures', '--json']],
  ] as const;
  for (const [name, args] of audits) {
    const audit = readAudit(spawnSync('npm', args, { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 }).stdout);
    process.stdout.write(`${describeAudit(name, audit)}\n`);
    if (audit.result === 'found' || audit.result === 'failed') process.exitCode = 1;
  }
}
