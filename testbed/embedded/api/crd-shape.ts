import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Cause } from './status.ts';

/** A rule beyond types and limits, as a CustomResourceDefinition writes it in CEL: its message where a value breaks it. */
export type Rule<T extends Json> = (value: T) => string | undefined;

/** The part of an OpenAPI schema that decides what the API server keeps, fills in and refuses. */
export type Shape =
  | {
      readonly type: 'object';
      readonly fields: Readonly<Record<string, Shape>>;
      readonly required: readonly string[];
      readonly rules: readonly Rule<JsonObject>[];
      readonly default?: JsonObject;
    }
  | {
      readonly type: 'array';
      readonly items: Shape;
      readonly max: number;
      readonly rules: readonly Rule<Json[]>[];
      readonly default?: Json[];
    }
  | {
      readonly type: 'string';
      readonly pattern?: RegExp;
      readonly values?: readonly string[];
      readonly default?: string;
    }
  | { readonly type: 'integer'; readonly min: number; readonly max: number; readonly default?: number }
  /** Kept as it is. */
  | { readonly type: 'any'; readonly default?: Json };

type Options<Type extends Shape['type']> = Partial<Omit<Extract<Shape, { type: Type }>, 'type'>>;

export function object(fields: Readonly<Record<string, Shape>>, more: Options<'object'> = {}): Shape {
  return { type: 'object', fields, required: [], rules: [], ...more };
}

export function list(items: Shape, max: number, more: Options<'array'> = {}): Shape {
  return { type: 'array', items, max, rules: [], ...more };
}

export function text(more: Options<'string'> = {}): Shape {
  return { type: 'string', ...more };
}

export function oneOf(...values: readonly string[]): Shape {
  return { type: 'string', values };
}

export function whole(min: number, max: number, more: Options<'integer'> = {}): Shape {
  return { type: 'integer', min, max, ...more };
}

export const ANY: Shape = { type: 'any' };

/** A value without unknown fields and with all defaults, as the server stores it. */
export function completed(shape: Shape, value: Json | undefined): Json | undefined {
  const given = value === undefined ? shape.default : value;
  if (shape.type === 'object' && isObject(given)) {
    const fields = Object.entries(shape.fields).map(([name, field]): [string, Json | undefined] => [
      name,
      completed(field, given[name]),
    ]);
    return Object.fromEntries(fields.filter(([, field]) => field !== undefined));
  }
  if (shape.type === 'array' && Array.isArray(given))
    return given.map((item) => completed(shape.items, item) ?? null);
  return given;
}

/**
 * What a schema refuses in a completed value, in the words of the API server.
 *
 * @param field the path of the value
 */
export function shapeCauses(shape: Shape, value: Json | undefined, field: string): Cause[] {
  if (value === undefined || shape.type === 'any') return [];
  if (!hasType(shape.type, value)) return [wrongType(shape.type, value, field)];
  switch (shape.type) {
    case 'object':
      return isObject(value) ? objectCauses(shape, value, field) : [];
    case 'array':
      return Array.isArray(value) ? listCauses(shape, value, field) : [];
    case 'string':
      return typeof value === 'string' ? textCauses(shape, value, field) : [];
    case 'integer': {
      if (typeof value !== 'number') return [];
      const limit =
        value < shape.min
          ? `greater than or equal to ${String(shape.min)}`
          : value > shape.max
            ? `less than or equal to ${String(shape.max)}`
            : undefined;
      return limit === undefined ? [] : [refused(value, `${field} in body should be ${limit}`, field)];
    }
  }
}

function objectCauses(shape: Extract<Shape, { type: 'object' }>, value: JsonObject, field: string): Cause[] {
  const missing = shape.required
    .filter((name) => value[name] === undefined)
    .map((name) => ({ reason: 'FieldValueRequired', message: 'Required value', field: `${field}.${name}` }));
  const within = Object.entries(shape.fields).flatMap(([name, child]) =>
    shapeCauses(child, value[name], `${field}.${name}`),
  );
  return [...missing, ...within, ...broken(shape.rules, value, 'object', field)];
}

function listCauses(shape: Extract<Shape, { type: 'array' }>, value: Json[], field: string): Cause[] {
  const { length } = value;
  const tooMany =
    length > shape.max
      ? [
          {
            reason: 'FieldValueTooMany',
            message: `Too many: ${String(length)}: must have at most ${String(shape.max)} items`,
            field,
          },
        ]
      : [];
  const within = value.flatMap((item, index) => shapeCauses(shape.items, item, `${field}[${String(index)}]`));
  return [...tooMany, ...within, ...broken(shape.rules, value, 'array', field)];
}

function textCauses(shape: Extract<Shape, { type: 'string' }>, value: string, field: string): Cause[] {
  if (shape.values !== undefined && !shape.values.includes(value)) {
    const known = shape.values.map((each) => `"${each}"`).join(', ');
    const message = `Unsupported value: "${value}": supported values: ${known}`;
    return [{ reason: 'FieldValueNotSupported', message, field }];
  }
  return shape.pattern === undefined || shape.pattern.test(value)
    ? []
    : [refused(value, `${field} in body should match '${shape.pattern.source}'`, field)];
}

function broken<T extends Json>(rules: readonly Rule<T>[], value: T, type: string, field: string): Cause[] {
  return rules.flatMap((rule) => {
    const message = rule(value);
    return message === undefined ? [] : [refused(type, message, field)];
  });
}

function refused(value: Json, why: string, field: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field };
}

function hasType(type: Exclude<Shape['type'], 'any'>, value: Json): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return Number.isInteger(value);
  }
}

function wrongType(type: string, value: Json, field: string): Cause {
  const found = Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'number'
        ? 'number'
        : typeof value;
  const message = `Invalid value: "${found}": ${field} in body must be of type ${type}: "${found}"`;
  return { reason: 'FieldValueTypeInvalid', message, field };
}
