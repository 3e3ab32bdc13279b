import { parser } from '@prometheus-io/lezer-promql';
import parseDuration from 'parse-duration';
import { METRICS } from '../core/deadlines.ts';
import type { MetricSpec } from '../release/metric-specs.ts';

type Node = ReturnType<ReturnType<typeof parser.parse>['topNode']['getChildren']>[number];

/** The window that the name of a recorded series tells: `job:errors:rate5m` (https://prometheus.io/docs/practices/rules/#naming). */
const RECORDED = /:[a-z_]*?(\d+(?:ms|[smhd]))$/;
/** Functions that use the last two values of their window alone. */
const LAST_TWO = ['Irate', 'Idelta'];

/** How far back from its evaluation a query looks, in ms: 0 for one that looks at the last scrape alone, or does not parse here. */
export function lookbackMs(query: string): number {
  return lookbackOf(parser.parse(query).topNode, query);
}

/**
 * How long a metric has to be watched until its value is about that time alone, in ms: what its query looks back, and a scrape. A
 * `rate` needs two scrapes in its window, so they are at most half of it apart.
 */
export function settlingMs(spec: MetricSpec): number {
  if (spec.kind !== 'limit' || spec.query === undefined) return 0;
  const ms = lookbackMs(spec.query);
  return ms + Math.min(METRICS.scrapeMs, ms / 2);
}

function lookbackOf(node: Node, query: string): number {
  const inner = Math.max(0, ...childrenOf(node).map((child) => lookbackOf(child, query)));
  const text = query.slice(node.from, node.to);
  switch (node.name) {
    case 'Identifier': {
      const [, recorded] = RECORDED.exec(text) ?? [];
      return recorded === undefined ? inner : durationMs(recorded);
    }
    case 'FunctionCall':
      return LAST_TWO.includes(node.firstChild?.firstChild?.name ?? '')
        ? Math.min(inner, METRICS.twoScrapesMs)
        : inner;
    case 'MatrixSelector':
    case 'SubqueryExpr':
      return inner + durationIn(node.getChild('DurationExpr'), query);
    case 'OffsetExpr':
      return inner + durationIn(node.getChild('OffsetDurationExpr'), query);
    default:
      return inner;
  }
}

function childrenOf(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) found.push(child);
  return found;
}

function durationIn(node: Node | null, query: string): number {
  return node === null ? 0 : durationMs(query.slice(node.from, node.to));
}

/** A duration of Prometheus: `1h30m`, or seconds. */
function durationMs(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? 1000 * Number(text) : (parseDuration(text, 'ms') ?? 0);
}
