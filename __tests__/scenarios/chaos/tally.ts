import type { LoadReport } from '../../../testbed/load.ts';
import { kindsOf } from './plan.ts';
import type { Disturbance } from './plan.ts';
import { costs } from './users.ts';
import type { Struck } from './users.ts';

/** What all lives together came to. */
export class Tally {
  readonly #events = new Map<string, Map<string, number>>();
  readonly #runs = new Map<string, number>();
  readonly #costs = new Map<string, number>();
  #sent = 0;
  #failed = 0;
  #violations = 0;

  event(disturbance: Disturbance, run: { readonly code: number }): void {
    const [stage] = disturbance.stage;
    const kind = kindsOf(disturbance);
    const row = this.#events.get(stage) ?? new Map<string, number>();
    this.#events.set(stage, row.set(kind, (row.get(kind) ?? 0) + 1));
    const outcome = run.code === 0 ? 'passed' : 'failed';
    this.#runs.set(outcome, (this.#runs.get(outcome) ?? 0) + 1);
  }

  users(report: LoadReport, struck: readonly Struck[]): void {
    this.#sent += report.sent;
    this.#failed += report.failed;
    for (const [kind, count] of costs(report, struck))
      this.#costs.set(kind, (this.#costs.get(kind) ?? 0) + count);
  }

  violate(count: number): void {
    this.#violations += count;
  }

  /** The stages and kinds that were met, and the totals. */
  toString(): string {
    const rows = [...this.#events].map(([stage, kinds]) => {
      const met = [...kinds].toSorted().map(([kind, count]) => `${String(count)} ${kind}`);
      return `${stage}: ${met.join(', ')}`;
    });
    const runs = [...this.#runs].map(([outcome, count]) => `${String(count)} ${outcome}`).join(', ');
    const costly = [...this.#costs].filter(([, count]) => count > 0);
    const because = costly.map(([kind, count]) => `${kind} ${String(count)}`).join(', ');
    return [
      ...rows,
      `disturbed runs: ${runs}; user requests: ${String(this.#sent)}, failed: ${String(this.#failed)}${because === '' ? '' : ` (${because})`}; violations: ${String(this.#violations)}`,
    ].join('\n');
  }
}
