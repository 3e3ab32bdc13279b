import { parseArgs } from 'node:util';
import { closestMatch } from 'leven';
import { OPERATIONS } from '../github/inputs.ts';
import type { Operation } from '../github/inputs.ts';
import { INPUT_OPTIONS } from './options.ts';

/** What a command line asks for. */
export type Command =
  | { readonly kind: 'help'; readonly operation: Operation | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }
  | JobCommand;

export interface JobCommand {
  readonly kind: 'job';
  /** The texts of the inputs that were given, by name. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Whether the report goes to stdout, as JSON. */
  readonly json: boolean;
  /** The file for the summary. */
  readonly summaryFile: string | undefined;
}

const INPUTS_BY_NAME = new Map(INPUT_OPTIONS.map((option) => [option.name, option]));
/** Options that give no input. */
const OWN = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const;
const OPTIONS = {
  ...Object.fromEntries(INPUT_OPTIONS.map(({ name }) => [name, { type: 'string' } as const])),
  ...OWN,
};
const FLAGS = INPUT_OPTIONS.filter(({ flag }) => flag).map(({ name }) => name);
const KNOWN = [...Object.keys(OPTIONS), ...FLAGS.map((name) => `no-${name}`)];
const WORDS = ['help', 'version'];

/** Reads the arguments after the name of the program. Values are not looked at: the inputs have rules of their own. */
export function readArguments(args: readonly string[]): Command {
  if (args.length === 0)
    return {
      kind: 'refused',
      problems: [`Which operation? The first argument is one of ${OPERATIONS.join(', ')}.`],
    };
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words = tokens.filter(({ kind }) => kind === 'positional').map(({ index }) => args[index] ?? '');
  const given = new Given();
  for (const token of tokens) if (token.kind === 'option') given.add(token);
  const [first, second] = words;
  // With a value, it is the version to release.
  if (first === 'version' || (args.length === 1 && args[0] === '--version')) return { kind: 'version' };
  if (given.unknown.length > 0) return { kind: 'refused', problems: given.unknown };
  const asksForHelp = given.help || first === 'help';
  const operation = first === 'help' ? second : first;
  // An option without its value has taken the next one, so that words are left over.
  const wrongWords = problemsOfWords(operation, words.slice(first === 'help' ? 2 : 1));
  if (given.problems.length === 0 && wrongWords.length > 0) return { kind: 'refused', problems: wrongWords };
  if (asksForHelp) return { kind: 'help', operation: operationNamed(operation) };
  if (operation !== undefined) given.operation(operation);
  if (given.problems.length > 0) return { kind: 'refused', problems: given.problems };
  return given.job();
}

/** The part of a token of `parseArgs` that matters here. */
interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** The options as they come. */
class Given {
  readonly problems: string[] = [];
  readonly unknown: string[] = [];
  help = false;
  #json = false;
  readonly #values = new Map<string, string[]>();

  add({ name, rawName, value, inlineValue }: OptionToken): void {
    const denied = FLAGS.find((flag) => rawName === `--no-${flag}`);
    if (Object.hasOwn(OWN, name) || denied !== undefined) {
      if (value !== undefined) this.problems.push(`${rawName} takes no value; got "${value}".`);
      if (name === 'help') this.help = true;
      if (name === 'json') this.#json = true;
      if (denied !== undefined) this.#values.set(denied, [...(this.#values.get(denied) ?? []), 'false']);
    } else if (!INPUTS_BY_NAME.has(name)) {
      const nearest = rawName.startsWith('--') ? closestMatch(name, KNOWN) : undefined;
      this.unknown.push(
        `${rawName} is not an option${nearest === undefined ? '' : `; did you mean --${nearest}?`}`,
      );
    } else if (value === undefined || (inlineValue !== true && value.startsWith('--'))) {
      const remedy = value === undefined ? '' : ` For a value that begins with --, write ${rawName}=${value}`;
      this.problems.push(`${rawName} needs a value: ${usageOf(name)}.${remedy}`);
    } else {
      this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
    }
  }

  /** The operation as the first argument. */
  operation(named: string): void {
    const [other] = this.#values.get('operation') ?? [];
    if (other !== undefined && other !== named)
      this.problems.push(`The operation is given twice: ${named}, and --operation ${other}.`);
    else this.#values.set('operation', [named]);
  }

  job(): Command {
    const problems = [...this.#values].flatMap(([name, values]) =>
      values.length > 1 && INPUTS_BY_NAME.get(name)?.many !== true
        ? [`--${name} is given ${String(values.length)} times, and takes one value.`]
        : [],
    );
    if (problems.length > 0) return { kind: 'refused', problems };
    const inputs = new Map([...this.#values].map(([name, values]) => [name, values.join('\n')]));
    const summary = inputs.get('summary');
    const isFile = summary !== undefined && !['', 'true', 'false'].includes(summary.trim().toLowerCase());
    if (isFile) inputs.set('summary', 'true');
    return { kind: 'job', inputs, json: this.#json, summaryFile: isFile ? summary : undefined };
  }
}

function usageOf(name: string): string {
  return `--${name} ${INPUTS_BY_NAME.get(name)?.placeholder ?? ''}`;
}

function operationNamed(word: string | undefined): Operation | undefined {
  return OPERATIONS.find((operation) => operation === word);
}

function problemsOfWords(operation: string | undefined, more: readonly string[]): readonly string[] {
  if (operation !== undefined && operationNamed(operation) === undefined) {
    const nearest = closestMatch(operation, [...OPERATIONS, ...WORDS]);
    return [
      `"${operation}" is not an operation; did you mean ${nearest ?? ''}? The operations are ${OPERATIONS.join(', ')}.`,
    ];
  }
  return more.map(
    (word) => `"${word}" is unexpected: after the operation come options, which begin with --.`,
  );
}
