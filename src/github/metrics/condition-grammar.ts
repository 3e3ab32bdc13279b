import type { Condition, NoValue } from '../../release/metric-specs.ts';

export const NO_VALUES: readonly NoValue[] = ['no series', 'NaN', 'infinity'];

/** Whether a condition is true without a number to compare; undefined: it does not say. */
export type Without = Readonly<Record<NoValue, boolean | undefined>>;

/** What a condition says of a number, and of what is none. */
export interface ReadCondition {
  /** true, false: of every value. */
  readonly ofValue: Condition | boolean;
  readonly without: Without;
}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(&&|\|\||[<>=!]=|[<>!()[\],-]))/y;
const LONGEST = 1_000;
const DEEPEST = 50;

/** What is true of what is no number, and false of every number. */
const TESTS: readonly (readonly [string, Without])[] = [
  ['isNaN', { 'no series': undefined, NaN: true, infinity: false }],
  ['isInf', { 'no series': undefined, NaN: false, infinity: true }],
];

type Operator = Extract<Condition, { kind: 'compare' }>['operator'];
const OPERATORS: readonly string[] = ['<', '<=', '>', '>=', '==', '!='];

/** What a comparison is made of: a number, the value (or a number where there is none), or how many values there are. */
type Operand =
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'value'; readonly otherwise: number | undefined }
  | { readonly kind: 'length' };

/**
 * Reads a condition of an AnalysisTemplate, as far as it compares one value with numbers: `result[0] >= 0.95`, `isNaN(result)`,
 * `len(result) == 0`, `default(result, 0) < 5`, joined by `&&`, `||`, `!` and parentheses. Nothing is evaluated as code.
 *
 * @throws Error that names the first part which is none of this
 */
export function readCondition(text: string): ReadCondition {
  return new ConditionParser(text).read();
}

class ConditionParser {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  read(): ReadCondition {
    const read = this.#or();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new Error(`"${rest}" is not expected there`);
    return read;
  }

  #or(): ReadCondition {
    const of = [this.#and()];
    while (this.#takes('||', 'or')) of.push(this.#and());
    return joined('any', of);
  }

  #and(): ReadCondition {
    const of = [this.#not()];
    while (this.#takes('&&', 'and')) of.push(this.#not());
    return joined('all', of);
  }

  #not(): ReadCondition {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new Error('it is nested too deeply');
    const read = this.#takes('!', 'not') ? negated(this.#not()) : this.#primary();
    this.#depth -= 1;
    return read;
  }

  #primary(): ReadCondition {
    if (this.#takes('(')) {
      const read = this.#or();
      this.#expect(')');
      return read;
    }
    for (const [name, without] of TESTS)
      if (this.#takes(name)) {
        this.#expect('(');
        this.#value();
        this.#expect(')');
        return { ofValue: false, without };
      }
    const left = this.#operand();
    const operator = this.#next();
    if (!isOperator(operator)) throw new Error(`${quoted(operator)} is not one of ${OPERATORS.join(' ')}`);
    return compared(left, operator, this.#operand());
  }

  #operand(): Operand {
    if (this.#takes('-')) return { kind: 'number', number: -this.#number() };
    const next = this.#tokens[this.#at];
    if (next !== undefined && /^\d/.test(next)) return { kind: 'number', number: this.#number() };
    if (!this.#takes('len')) return this.#value();
    this.#expect('(');
    this.#expect('result');
    this.#expect(')');
    return { kind: 'length' };
  }

  /** `result`, `result[0]`, `asFloat(result[0])`, `default(result, 0)` */
  #value(): Extract<Operand, { kind: 'value' }> {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new Error('it is nested too deeply');
    const read = this.#valueAtDepth();
    this.#depth -= 1;
    return read;
  }

  #valueAtDepth(): Extract<Operand, { kind: 'value' }> {
    if (this.#takes('result')) {
      if (!this.#takes('[')) return { kind: 'value', otherwise: undefined };
      const index = this.#number();
      if (index !== 0) throw new Error(`result[${String(index)}] is another series; a query must find one`);
      this.#expect(']');
      return { kind: 'value', otherwise: undefined };
    }
    const cutting = this.#takes('asInt', 'int');
    if (cutting) throw new Error('asInt cuts off decimals, which is not supported; use asFloat');
    if (this.#takes('asFloat', 'float')) {
      this.#expect('(');
      const value = this.#value();
      this.#expect(')');
      return value;
    }
    if (!this.#takes('default'))
      throw new Error(
        `${quoted(this.#tokens[this.#at])} is not known; expected result, result[0], isNaN(…), len(result), default(…, number) or a number`,
      );
    this.#expect('(');
    this.#value();
    this.#expect(',');
    const sign = this.#takes('-') ? -1 : 1;
    const otherwise = sign * this.#number();
    this.#expect(')');
    return { kind: 'value', otherwise };
  }

  #number(): number {
    const text = this.#next();
    if (text === undefined || !/^\d/.test(text)) throw new Error(`${quoted(text)} is not a number`);
    return Number(text);
  }

  #takes(...tokens: readonly string[]): boolean {
    const found = tokens.includes(this.#tokens[this.#at] ?? '');
    if (found) this.#at += 1;
    return found;
  }

  #expect(token: string): void {
    const found = this.#next();
    if (found !== token) throw new Error(`${quoted(found)} is there instead of ${token}`);
  }

  #next(): string | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token;
  }
}

function quoted(token: string | undefined): string {
  return token === undefined ? 'its end' : `"${token}"`;
}

function tokensOf(text: string): readonly string[] {
  if (text.length > LONGEST) throw new Error(`it is longer than ${String(LONGEST)} characters`);
  const tokens: string[] = [];
  const trimmed = text.trim();
  for (let at = 0; at < trimmed.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(trimmed);
    if (match === null) throw new Error(unread(trimmed.slice(at).trim()));
    tokens.push(match[0].trim());
  }
  return tokens;
}

/** Why the rest of a condition cannot be read. */
function unread(rest: string): string {
  const start = rest.slice(0, 20).trim();
  if (/^["']/.test(rest)) return `${start} is text; only numbers are compared`;
  if (/^\.\w/.test(rest)) return `${start} is a field of the result, which must be a number`;
  return `"${start}" is not known`;
}

function isOperator(token: string | undefined): token is Operator {
  return token !== undefined && OPERATORS.includes(token);
}

const MIRRORED: Readonly<Record<Operator, Operator>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '==': '==',
  '!=': '!=',
};

function compared(left: Operand, operator: Operator, right: Operand): ReadCondition {
  if (left.kind === 'number' && right.kind !== 'number') return compared(right, MIRRORED[operator], left);
  if (left.kind === 'number' || right.kind !== 'number')
    throw new Error('a comparison must be one of the result with a number');
  const { number } = right;
  if (left.kind === 'length')
    return {
      ofValue: isTrue(1, operator, number),
      without: {
        'no series': isTrue(0, operator, number),
        NaN: isTrue(1, operator, number),
        infinity: isTrue(1, operator, number),
      },
    };
  return {
    ofValue: { kind: 'compare', operator, limit: number },
    without: {
      'no series': left.otherwise === undefined ? undefined : isTrue(left.otherwise, operator, number),
      NaN: undefined,
      infinity: undefined,
    },
  };
}

function isTrue(left: number, operator: Operator, right: number): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '==':
      return left === right;
    case '!=':
      return left !== right;
  }
}

function negated({ ofValue, without }: ReadCondition): ReadCondition {
  return {
    ofValue: typeof ofValue === 'boolean' ? !ofValue : { kind: 'not', of: ofValue },
    without: eachWithout((one) => {
      const said = without[one];
      return said === undefined ? undefined : !said;
    }),
  };
}

function eachWithout(of: (one: NoValue) => boolean | undefined): Without {
  return { 'no series': of('no series'), NaN: of('NaN'), infinity: of('infinity') };
}

/** `false` joined by `&&` with what says nothing is still false; otherwise nothing is said. */
function joinedSayings(decisive: boolean, said: readonly (boolean | undefined)[]): boolean | undefined {
  if (said.includes(decisive)) return decisive;
  return said.includes(undefined) ? undefined : !decisive;
}

/** Conditions joined by `&&` or `||`, without those that are true, or false, of every value. */
function joined(kind: 'all' | 'any', read: readonly ReadCondition[]): ReadCondition {
  const decisive = kind === 'any';
  const without = eachWithout((none) =>
    joinedSayings(
      decisive,
      read.map((one) => one.without[none]),
    ),
  );
  if (read.some(({ ofValue }) => ofValue === decisive)) return { ofValue: decisive, without };
  const of = read.flatMap(({ ofValue }) => (typeof ofValue === 'boolean' ? [] : [ofValue]));
  const [first] = of;
  return { ofValue: first === undefined ? !decisive : of.length === 1 ? first : { kind, of }, without };
}
