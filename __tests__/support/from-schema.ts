import fc from 'fast-check';

/**
 * Arbitrary values that an OpenAPI schema of a CustomResourceDefinition allows. Kubernetes permits structural schemas alone
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema),
 * in which `oneOf` and its like only restrict which of the properties may be there.
 */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
}

/**
 * Values with a meaning, by the path of their field: `http[].route[].weight`. Keys of a map are `*`.
 *
 * @returns undefined for a field that may have any value its schema allows
 */
export type Meant = (path: string) => fc.Arbitrary<unknown> | undefined;

type Json = Record<string, unknown>;

/** How many of the optional fields of an object are there at most. */
const MOST_FIELDS = 4;

export function fromSchema(schema: Schema, meant: Meant = () => undefined, path = ''): fc.Arbitrary<unknown> {
  const usual = meant(path) ?? ofType(schema, meant, path);
  const variants = [
    ...(schema.nullable === true ? [{ arbitrary: fc.constant(null), weight: 1 }] : []),
    ...(schema.default === undefined ? [] : [{ arbitrary: fc.constant(schema.default), weight: 2 }]),
  ];
  return variants.length === 0 ? usual : fc.oneof({ arbitrary: usual, weight: 5 }, ...variants);
}

function ofType(schema: Schema, meant: Meant, path: string): fc.Arbitrary<unknown> {
  if (schema['x-kubernetes-int-or-string'] === true) return fc.oneof(fc.nat(), shortText);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'object':
      return schema.additionalProperties === undefined
        ? ofObject(schema, meant, path)
        : ofMap(schema.additionalProperties, meant, path);
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}, meant, `${path}[]`), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      });
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 - 1 });
    case 'number':
      return fc.double({
        min: schema.minimum ?? -1000,
        max: schema.maximum ?? 1000,
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return ofText(schema);
    default:
      return anything;
  }
}

const shortText = fc.string({ maxLength: 8 });
const anything = fc.jsonValue({ maxDepth: 1 });

function ofText({ format, pattern, maxLength = 8, 'x-kubernetes-validations': rules }: Schema) {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  if (format === 'byte') return fc.base64String({ maxLength: 12 });
  if (rules?.some(({ rule }) => rule.startsWith('duration(self)')) === true)
    return fc
      .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom('ms', 's', 'm', 'h'))
      .map(([n, u]) => `${String(n)}${u}`);
  return shortText.map((text) => text.slice(0, maxLength).replaceAll('*', '-'));
}

const KEY = fc.constantFrom('a', 'key-1', 'x.example.com', 'Upper');

function ofMap(values: Schema, meant: Meant, path: string): fc.Arbitrary<unknown> {
  const key = meant(`${path}.*`) ?? KEY;
  return fc
    .array(fc.tuple(key, fromSchema(values, meant, `${path}{}`)), { maxLength: 2 })
    .map((entries) => Object.fromEntries(entries) as Json);
}

/** The fields come in any order. Beside those of the schema there may be one that it does not know. */
function ofObject(schema: Schema, meant: Meant, path: string): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema;
  const restrictions = [schema, ...(schema.allOf ?? [])].flatMap(({ oneOf }) =>
    oneOf === undefined ? [] : [oneOf],
  );
  const exclusive = new Set(restrictions.flatMap((branches) => branches.flatMap(namesIn)));
  const free = Object.keys(properties).filter((name) => !required.includes(name) && !exclusive.has(name));
  // Building an arbitrary takes longer than using it, and most of a schema is used seldom.
  const fields = new Map<string, fc.Arbitrary<readonly [string, unknown]>>();
  const field = (name: string): fc.Arbitrary<readonly [string, unknown]> => {
    const known = fields.get(name);
    if (known !== undefined) return known;
    const value = fromSchema(properties[name] ?? {}, meant, path === '' ? name : `${path}.${name}`);
    const made = value.map((one) => [name, one] as const);
    fields.set(name, made);
    return made;
  };
  const extra = schema['x-kubernetes-preserve-unknown-fields'] === true ? OFTEN_UNKNOWN : SELDOM_UNKNOWN;
  return fc
    .tuple(
      fc.subarray(free, { maxLength: Math.min(MOST_FIELDS, free.length) }),
      fc.tuple(
        ...restrictions.map((branches) =>
          fc.constantFrom(...branches).map((branch) => branch.required ?? []),
        ),
      ),
      fc.nat(),
    )
    .chain(([optional, chosen, turn]) => {
      const names = [...required, ...optional, ...chosen.flat()];
      const order = names.length === 0 ? 0 : turn % names.length;
      const turned = [...names.slice(order), ...names.slice(0, order)];
      return fc.tuple(fc.tuple(...turned.map(field)), extra);
    })
    .map(([entries, unknown]) => Object.fromEntries<unknown>([...entries, ...unknown]));
}

const UNKNOWN = fc
  .constantFrom(null, 1, 'x', [{ a: 1 }], { b: { c: [] } })
  .map((value) => [['xNewField', value] as const]);
const SELDOM_UNKNOWN = fc.oneof(
  { arbitrary: fc.constant([]), weight: 15 },
  { arbitrary: UNKNOWN, weight: 1 },
);
const OFTEN_UNKNOWN = fc.oneof(fc.constant([]), UNKNOWN);

/** The properties that a branch of `oneOf` speaks of. */
function namesIn({ required = [], not, anyOf = [], oneOf = [] }: Schema): readonly string[] {
  return [...required, ...(not === undefined ? [] : namesIn(not)), ...[...anyOf, ...oneOf].flatMap(namesIn)];
}
