import type { Message } from '../texts/message.ts';
import { parser } from '@prometheus-io/lezer-promql';

type Node = ReturnType<ReturnType<typeof parser.parse>['topNode']['getChildren']>[number];

/** A selector with the name of a metric, and the labels that it asks for. */
export interface LabelledSelector {
  readonly name: string;
  readonly labels: readonly string[];
}

/**
 * The selectors of a query, in groups: it finds something if all of one group do. `a or b - c` has the groups `a`, and `b` with `c`.
 */
export function alternativesOf(query: string): readonly (readonly LabelledSelector[])[] {
  return alternativesIn(parser.parse(query).topNode, query);
}

function alternativesIn(node: Node, query: string): readonly (readonly LabelledSelector[])[] {
  const children = childrenOf(node);
  if (node.name === 'BinaryExpr' && node.getChild('Or') !== null)
    return children.flatMap((child) => alternativesIn(child, query).filter(({ length }) => length > 0));
  const [only] = children;
  if (['PromQL', 'ParenExpr'].includes(node.name) && only !== undefined) return alternativesIn(only, query);
  return [selectorsIn(node, query)];
}

function selectorsIn(node: Node, query: string): readonly LabelledSelector[] {
  const text = ({ from, to }: Node): string => query.slice(from, to);
  const name = node.getChild('Identifier');
  if (node.name !== 'VectorSelector' || name === null)
    return childrenOf(node).flatMap((child) => selectorsIn(child, query));
  const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  const labels = matchers.flatMap((matcher) => matcher.getChildren('LabelName').map(text));
  return [{ name: text(name), labels }];
}

function childrenOf(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== 'LineComment') found.push(child);
  return found;
}

/**
 * Why a query cannot find anything: in each of its alternatives, a metric or one of its labels is
 * unknown to the server. undefined where it may only have found nothing yet.
 *
 * @param labelsOf the labels of all series of a metric; empty for one that the server does not know
 */
export function unknownIn(
  address: string,
  query: string,
  labelsOf: ReadonlyMap<string, ReadonlySet<string>>,
): Message | undefined {
  const problems = alternativesOf(query).map((selectors) =>
    selectors.flatMap(({ name, labels }): readonly Message[] => {
      const known = labelsOf.get(name);
      if (known === undefined) return [];
      if (known.size === 0) return [{ kind: 'unknownMetric', address, metric: name }];
      return labels
        .filter((label) => !known.has(label))
        .map((label) => ({ kind: 'unknownLabel', address, metric: name, label }));
    }),
  );
  const [first] = problems;
  return problems.every(({ length }) => length > 0) ? first?.[0] : undefined;
}
