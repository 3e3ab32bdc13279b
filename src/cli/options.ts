import { z } from 'zod';
import { INPUTS } from '../github/inputs.ts';

/** The options of the command line, each made from the schema of the input that it gives. */

export interface InputOption {
  /** That of the input: `max-rps` for `--max-rps`. */
  readonly name: string;
  /** Stands for the value in help texts. */
  readonly placeholder: string;
  /** Whether it takes several values; repeated options are lines of the input. */
  readonly many: boolean;
  /** Whether it takes `true` or `false`; `--no-NAME` stands for the latter. */
  readonly flag: boolean;
}

/** Lists by their description alone: the schema of these takes any text. */
const LINES: ReadonlyMap<string, string> = new Map([
  ['kubeconfig', 'FILE'],
  ['metrics', 'LIST'],
]);

const PATHS: readonly string[] = ['config', 'report'];

export const INPUT_OPTIONS: readonly InputOption[] = Object.entries(INPUTS.shape).map(([name, schema]) =>
  optionOf(name, formsOf(schema)),
);

function optionOf(name: string, forms: readonly z.core.JSONSchema.JSONSchema[]): InputOption {
  const has = (type: string): boolean => forms.some((form) => form.type === type);
  const flag = has('boolean');
  const many = has('array') || has('object') || LINES.has(name);
  return { name, placeholder: LINES.get(name) ?? placeholderOf(name, forms, { flag, many }), many, flag };
}

function placeholderOf(
  name: string,
  forms: readonly z.core.JSONSchema.JSONSchema[],
  { flag, many }: Pick<InputOption, 'flag' | 'many'>,
): string {
  const choices = forms.flatMap((form) => form.enum ?? []);
  if (flag) return 'true|false';
  // Operations have a list of their own.
  if (choices.length > 0) return name === 'operation' ? 'OPERATION' : choices.join('|');
  if (many) return forms.some(({ type }) => type === 'array') ? 'LIST' : 'KEY=VALUE';
  if (PATHS.includes(name)) return 'PATH';
  const text = forms.find(({ type }) => type === 'string');
  const number = forms.find(({ type }) => type === 'number' || type === 'integer');
  if (number?.minimum === undefined) return 'TEXT';
  if (text?.pattern === undefined) return 'NUMBER';
  // A duration, or a version such as 2.
  return number.type === 'integer' ? 'TEXT' : 'TIME';
}

/** The forms that a value may have, as JSON Schemas. */
function formsOf(schema: z.ZodType): readonly z.core.JSONSchema.JSONSchema[] {
  const { anyOf, ...whole } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return (anyOf ?? [whole]).filter((form) => typeof form === 'object');
}
