import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import type { AnySchemaObject } from 'ajv';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: AnySchemaObject;
}
interface Content {
  readonly content?: { readonly 'application/json'?: { readonly schema: AnySchemaObject } };
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
interface Reference {
  readonly $ref: string;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, AnySchemaObject>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly examples: Readonly<Record<string, { readonly value: Readonly<Record<string, unknown>> }>>;
  };
}

/** A request that GitHub's description knows. */
export interface Known {
  /** `repos/create-commit-status` */
  readonly id: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** What is wrong with it, by that description. */
  readonly problems: readonly string[];
}

/** GitHub's own description of its REST API, as it publishes it on npm. */
export class GitHubContract {
  readonly #document: Document;
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

  constructor() {
    // The package's entry would read every variant of the description, 400 MB; this is one file.
    const path = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json');
    this.#document = JSON.parse(readFileSync(path, 'utf8')) as Document;
    for (const [name, schema] of Object.entries(this.#document.components.schemas))
      this.#ajv.addSchema({ ...schema, $id: `#/components/schemas/${name}` });
  }

  /** The value of one of the description's examples. */
  example(name: string): Readonly<Record<string, unknown>> {
    const found = this.#document.components.examples[name];
    if (found === undefined) throw new Error(`GitHub's description has no example ${name}`);
    return found.value;
  }

  /** undefined where GitHub has no such operation */
  read(method: string, target: string, text: string): Known | undefined {
    const { pathname, searchParams } = new URL(target, 'http://github');
    for (const [template, methods] of Object.entries(this.#document.paths)) {
      const operation = methods[method.toLowerCase()];
      const path = operation === undefined ? undefined : match(template, pathname);
      if (operation === undefined || path === undefined) continue;
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const query = Object.fromEntries(searchParams);
      const problems = [
        ...this.#parameters(operation, 'path', path),
        ...this.#parameters(operation, 'query', query),
        ...this.#body(operation, body),
      ];
      return { id: operation.operationId, path, query, body, problems };
    }
    return undefined;
  }

  #parameters(
    { parameters = [] }: Operation,
    place: 'path' | 'query',
    given: Readonly<Record<string, string>>,
  ): readonly string[] {
    const known = parameters.map((one) => ('$ref' in one ? this.#parameter(one) : one));
    return Object.entries(given).flatMap(([name, text]) => {
      const parameter = known.find((one) => one.name === name && one.in === place);
      if (parameter === undefined) return [`${place} parameter ${name} is not known`];
      const value = parameter.schema['type'] === 'integer' ? Number(text) : text;
      return this.#check(parameter.schema, value, `${place} parameter ${name}`);
    });
  }

  #parameter({ $ref }: Reference): Parameter {
    const found = this.#document.components.parameters[$ref.replace('#/components/parameters/', '')];
    if (found === undefined) throw new Error(`GitHub's description has no ${$ref}`);
    return found;
  }

  #body({ requestBody }: Operation, body: unknown): readonly string[] {
    const schema = requestBody?.content?.['application/json']?.schema;
    if (schema === undefined) return body === undefined ? [] : ['it takes no body'];
    // What GitHub does not know it leaves out without a word: here it is a mistake.
    return this.#check({ ...schema, additionalProperties: false }, body, 'body');
  }

  #check(schema: AnySchemaObject, value: unknown, what: string): readonly string[] {
    const validate = this.#ajv.compile(schema);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${what}${instancePath} ${message ?? ''}`,
    );
  }
}

/** The values of a path's parameters; undefined where it is another path. */
function match(template: string, path: string): Record<string, string> | undefined {
  const pattern = template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const found = new RegExp(`^${pattern}$`).exec(path);
  if (found === null) return undefined;
  return Object.fromEntries(
    Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
  );
}
