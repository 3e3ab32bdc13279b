import { parser } from '@prometheus-io/lezer-promql';
import { aggregate, binary, call, unnamed } from './operators.ts';
import type { Sample, Value } from './operators.ts';
import type { Labels } from './counters.ts';
import { QueryError, unsupported } from './query-error.ts';
import type { ScrapedSeries, Scrapes } from './scrapes.ts';

type Node = ReturnType<ReturnType<typeof parser.parse>['topNode']['getChildren']>[number];

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * Evaluates an instant query: selectors, aggregations, arithmetic and the functions of `operators.ts`. That is what the examples
 * use; anything else of PromQL is refused by name.
 *
 * @param now seconds since the epoch
 * @throws QueryError
 */
export function evaluate(query: string, scrapes: Scrapes, now: number): Value {
  const top = parser.parse(query).topNode;
  top.cursor().iterate(({ type, from }) => {
    if (type.isError) throw syntaxError(query, from);
  });
  const [expression] = children(top);
  if (expression === undefined)
    throw new QueryError(
      'bad_data',
      'invalid parameter "query": unknown position: parse error: no expression found in input',
    );
  return new Evaluation(query, scrapes, now).of(expression);
}

function syntaxError(query: string, from: number): QueryError {
  const before = query.slice(0, from).split('\n');
  const place = `${String(before.length)}:${String((before.at(-1) ?? '').length + 1)}`;
  const found = from >= query.length ? 'end of input' : `character: ${JSON.stringify(query[from])}`;
  return new QueryError('bad_data', `invalid parameter "query": ${place}: parse error: unexpected ${found}`);
}

class Evaluation {
  readonly #query: string;
  readonly #scrapes: Scrapes;
  readonly #now: number;

  constructor(query: string, scrapes: Scrapes, now: number) {
    this.#query = query;
    this.#scrapes = scrapes;
    this.#now = now;
  }

  of(node: Node): Value {
    switch (node.name) {
      case 'ParenExpr':
        return this.of(only(node));
      case 'NumberDurationLiteral':
        return Number(this.#text(node));
      case 'VectorSelector':
        return this.#current(node, ({ value }) => value);
      case 'AggregateExpr':
        return this.#aggregate(node);
      case 'FunctionCall':
        return this.#call(node);
      case 'BinaryExpr':
        return this.#binary(node);
      default:
        throw unsupported(this.#text(node));
    }
  }

  #current(node: Node, pick: (point: { readonly at: number; readonly value: number }) => number): Sample[] {
    const matches = this.#matcher(node);
    return this.#scrapes
      .current(this.#now)
      .filter(({ labels }) => matches(labels))
      .map(({ labels, point }) => ({ labels, value: pick(point) }));
  }

  #aggregate(node: Node): Sample[] {
    const modifier = node.getChild('AggregateModifier');
    const labels = modifier
      ?.getChild('GroupingLabels')
      ?.getChildren('LabelName')
      .map((one) => this.#text(one));
    const body = node.getChild('FunctionCallBody');
    const [operand, ...more] = body === null ? [] : children(body);
    const name = this.#text(node.getChild('AggregateOp') ?? node).toLowerCase();
    if (operand === undefined || more.length > 0 || modifier?.getChild('Without'))
      throw unsupported(this.#text(node));
    return aggregate(name, vector(this.of(operand)), labels ?? []);
  }

  #call(node: Node): Value {
    const name = this.#text(node.getChild('FunctionIdentifier') ?? node);
    const body = node.getChild('FunctionCallBody');
    const operands = body === null ? [] : children(body);
    const [first] = operands;
    if (first?.name === 'MatrixSelector') return call(name, [this.#ranges(first)], this.#now);
    if (name === 'timestamp' && first?.name === 'VectorSelector')
      return this.#current(first, ({ at }) => at).map(({ labels, value }) => ({
        labels: unnamed(labels),
        value,
      }));
    return call(
      name,
      operands.map((one) => (one.name === 'StringLiteral' ? unquoted(this.#text(one)) : this.of(one))),
      this.#now,
    );
  }

  #ranges(node: Node): { readonly seconds: number; readonly series: ScrapedSeries[] } {
    const selector = node.getChild('VectorSelector');
    const seconds = durationOf(this.#text(node).replace(/^.*\[|\]$/gs, ''));
    if (selector === null || seconds === undefined) throw unsupported(this.#text(node));
    const matches = this.#matcher(selector);
    const series = this.#scrapes
      .series()
      .filter(({ labels }) => matches(labels))
      .map(({ labels, points }) => ({ labels, points: points.filter(({ at }) => at > this.#now - seconds) }));
    return { seconds, series };
  }

  #binary(node: Node): Value {
    const modifier = node.getChild('MatchingModifierClause');
    const [left, operator, right, ...more] = children(node).filter(({ name }) => name !== modifier?.name);
    const isSimple = modifier?.getChild('Ignoring') !== null;
    if (left === undefined || operator === undefined || right === undefined || more.length > 0 || !isSimple)
      throw unsupported(this.#text(node));
    const ignored = modifier?.getChild('GroupingLabels')?.getChildren('LabelName') ?? [];
    return binary(
      this.#text(operator).toLowerCase(),
      this.of(left),
      this.of(right),
      ignored.map((label) => this.#text(label)),
    );
  }

  #matcher(node: Node): (labels: Labels) => boolean {
    const identifier = node.getChild('Identifier');
    const matchers = node.getChild('LabelMatchers');
    const tests = (matchers?.getChildren('UnquotedLabelMatcher') ?? []).map((one) => {
      const [label, operator, value] = children(one).map((part) => this.#text(part));
      const text = unquoted(value ?? '""');
      const pattern = operator?.endsWith('~') === true ? new RegExp(`^(?:${text})$`, 's') : undefined;
      const negated = operator?.startsWith('!') === true;
      return (labels: Labels): boolean => {
        const found = labels[label ?? ''] ?? '';
        return (pattern?.test(found) ?? found === text) !== negated;
      };
    });
    const name = identifier === null ? undefined : this.#text(identifier);
    return (labels) =>
      (name === undefined || labels['__name__'] === name) && tests.every((matches) => matches(labels));
  }

  #text({ from, to }: Node): string {
    return this.#query.slice(from, to);
  }
}

function children(node: Node): Node[] {
  const found: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== 'LineComment') found.push(child);
  return found;
}

function only(node: Node): Node {
  const [child] = children(node);
  if (child === undefined) throw unsupported('an empty expression');
  return child;
}

function vector(value: Value): readonly Sample[] {
  if (typeof value === 'number') throw new QueryError('bad_data', 'expected type instant vector, got scalar');
  return value;
}

function unquoted(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

function durationOf(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  return count === undefined ? undefined : Number(count) * (UNITS[unit] ?? 0);
}
