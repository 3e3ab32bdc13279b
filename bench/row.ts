/** One line of the table. */
export interface Row {
  readonly section: string;
  readonly name: string;
  readonly value: number;
  readonly unit: '' | 's' | 'ms' | 'MiB' | '%' | '/s';
  /** What it has to be at most, unless it says otherwise. */
  readonly goal?: { readonly limit: number; readonly atLeast?: boolean };
}

export function formatValue(value: number, unit: Row['unit']): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit === '' || unit === '%' || unit === '/s' ? unit : ` ${unit}`}`;
}

export function meets({ value, goal }: Row): boolean | undefined {
  if (goal === undefined) return undefined;
  return goal.atLeast === true ? value >= goal.limit : value <= goal.limit;
}
