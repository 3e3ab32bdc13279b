/** The first input of each group in which pages and help texts list the inputs; the order is that of action.yml. */
const FIRST_OF_GROUP = {
  operation: 'Operation',
  kubeconfig: 'Where',
  app: 'What',
  weights: 'Traffic',
  path: 'Check',
  metrics: 'Metrics',
  'on-failure': 'Rest',
} as const;

export type GroupName = (typeof FIRST_OF_GROUP)[keyof typeof FIRST_OF_GROUP];

export interface InputGroup {
  readonly name: GroupName;
  readonly inputs: readonly string[];
}

/** @param inputs all of them, in the order of action.yml */
export function groupInputs(inputs: readonly string[]): readonly InputGroup[] {
  const firsts = new Map<string, GroupName>(Object.entries(FIRST_OF_GROUP));
  const groups: { readonly name: GroupName; readonly inputs: string[] }[] = [];
  for (const input of inputs) {
    const name = firsts.get(input);
    if (name !== undefined) groups.push({ name, inputs: [] });
    groups.at(-1)?.inputs.push(input);
  }
  return groups;
}

/** The headings of the groups in English. */
export const GROUP_TITLES: Readonly<Record<GroupName, string>> = {
  Operation: 'What to do',
  Where: 'Where',
  What: 'What',
  Traffic: 'Traffic',
  Check: 'Check',
  Metrics: 'Metrics',
  Rest: 'Other',
};
