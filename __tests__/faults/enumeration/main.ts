/**
 * Tries every fault at every call of every operation, and prints a table. Arguments, each a list with commas, restrict it:
 * `--operation`, `--api` (VirtualService or HTTPRoute), `--fault`, `--call` (a text in the call's name), `--sample 200 --seed 7`, `--lanes 6`.
 */
import { readScriptOptions } from '../../../testbed/script-options.ts';
import { TRAFFIC_APIS } from '../../scenarios/support/traffic-api.ts';
import { OPERATIONS } from './operations.ts';
import { FAULTS } from './faults.ts';
import { enumerate } from './enumerate.ts';
import { tableOf } from './table.ts';

const namesOf = (all: readonly { readonly name: string }[]): string => all.map(({ name }) => name).join(', ');
const HELP = `
Usage: npm run faults -- [OPTION...]

  --operation LIST   ${namesOf(OPERATIONS)}
  --api LIST         ${TRAFFIC_APIS.join(', ')}
  --fault LIST       ${namesOf(FAULTS)}
  --call TEXT        only calls whose names contain this
  --writes           only calls that write
  --sample NUMBER    draw so many cases; --seed NUMBER chooses them
  --lanes NUMBER     cases at a time, default: 6
  --logs             print the log of each violation
`;
const { values } = readScriptOptions(HELP, {
  options: {
    operation: { type: 'string' },
    api: { type: 'string' },
    fault: { type: 'string' },
    call: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string' },
    lanes: { type: 'string' },
    logs: { type: 'boolean' },
    writes: { type: 'boolean' },
  },
});
const start = performance.now();
const named = <T extends { readonly name: string }>(
  all: readonly T[],
  names: string | undefined,
): readonly T[] => {
  const wanted = names?.split(',');
  const unknown = wanted?.filter((name) => !all.some((one) => one.name === name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`${unknown.join(', ')}: there are ${all.map(({ name }) => name).join(', ')}`);
  return all.filter(({ name }) => wanted?.includes(name) ?? true);
};
const results = await enumerate({
  operations: named(OPERATIONS, values.operation),
  apis: named(
    TRAFFIC_APIS.map((name) => ({ name })),
    values.api,
  ).map(({ name }) => name),
  faults: named(FAULTS, values.fault),
  call: values.call,
  writes: values.writes ?? false,
  sample: values.sample === undefined ? undefined : Number(values.sample),
  seed: Number(values.seed ?? 1),
  lanes: Number(values.lanes ?? 6),
  onViolation: (text, logs) => {
    process.stdout.write(`${text}\n${values.logs === true ? `${logs}\n` : ''}`);
  },
  onProgress: (text) => {
    process.stderr.write(`${text}\n`);
  },
});
process.stdout.write(`${tableOf(results, (performance.now() - start) / 1000)}\n`);
process.exitCode = results.some(({ violations }) => violations.length > 0) ? 1 : 0;
