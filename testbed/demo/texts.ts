/** The texts of the demo itself. What the action says in its language comes from its summary. */
import type { Language } from '../../src/texts/language.ts';

/** The steps of the story, each with a title. */
export type StepName =
  | 'first'
  | 'edited'
  | 'rollback'
  | 'second'
  | 'errors'
  | 'promote'
  | 'retire'
  | 'metrics'
  | 'httpRoute'
  | 'kept';

export interface DemoTexts {
  readonly titles: Readonly<Record<StepName, string>>;
  /** Before the rows of a step's screen. */
  readonly labels: Readonly<
    Record<'did' | 'usersGot' | 'metrics' | 'verdict' | 'cause' | 'now' | 'next' | 'report', string>
  >;
  readonly did: (values: {
    readonly operation: string;
    readonly app: string;
    readonly namespace: string;
    /** Objects written, by cluster. */
    readonly written: ReadonlyMap<string, number>;
  }) => string;
  readonly failed: (errors: number) => string;
  readonly samples: (samples: string) => string;
  readonly metric: (values: {
    readonly name: string;
    readonly cluster: string | undefined;
    readonly verdict: string;
  }) => string;
  /** After the outcome of a step. @param otherwise the verdict that was expected instead */
  readonly ended: (values: { readonly otherwise: string | undefined; readonly duration: string }) => string;
  /** The head of the overview. */
  readonly columns: readonly string[];
  readonly expected: readonly [yes: string, no: string];
  readonly bundling: string;
  readonly users: (values: {
    readonly step: number;
    readonly sent: string;
    readonly failed: number;
  }) => string;
  readonly folder: (path: string) => string;
  readonly allEnded: (values: { readonly steps: number; readonly duration: string }) => string;
  readonly endedOtherwise: (step: number) => string;
  readonly kept: string;
  /** What a URL leads to. */
  readonly through: (values: { readonly app: string; readonly cluster: string }) => string;
  readonly demoFailed: (message: string) => string;
}

const en: DemoTexts = {
  titles: {
    first: 'First release: v1 in east, v2 in west, split 80/20',
    edited: 'Someone has edited the weights in west: verify says who, where and what',
    rollback: 'Roll both clusters back to 80/20',
    second: 'A second service, checkout: all traffic on v1',
    errors: 'v2 of checkout fails every tenth request: its release rolls back',
    promote: 'Promote helloworld through its steps to 100%',
    retire: 'Retire v1 of helloworld',
    metrics: 'v2 of checkout fails users where nobody samples: their metrics roll it back',
    httpRoute: 'A third service, search, which an HTTPRoute of the Gateway API splits 80/20',
    kept: 'Back to 80/20, for you to try',
  },
  labels: {
    did: 'Did',
    usersGot: 'Users got',
    metrics: 'Metrics',
    verdict: 'Verdict',
    cause: 'Cause',
    now: 'Now',
    next: 'Next',
    report: 'Report',
  },
  did: ({ operation, app, namespace, written }) => {
    const writes = [...written].map(([cluster, objects]) => `${String(objects)} in ${cluster}`);
    const text = writes.length === 0 ? 'nothing written' : `objects written: ${writes.join(', ')}`;
    return `${operation} of ${app} in namespace ${namespace}; ${text}`;
  },
  failed: (errors) => ` (${String(errors)} failed)`,
  samples: (samples) => `${samples} samples`,
  metric: ({ name, cluster, verdict }) =>
    `${name}${cluster === undefined ? '' : ` in ${cluster}`}: ${verdict}`,
  ended: ({ otherwise, duration }) =>
    `, ${otherwise === undefined ? 'as expected' : `although ${otherwise} was expected`}, after ${duration}. `,
  columns: ['#', 'Operation', 'Service', 'Job', 'Expected', 'Weights now', 'Time', 'Step'],
  expected: ['yes', 'NO'],
  bundling: 'Bundling the action from its sources (skipped if nothing has changed) …',
  users: ({ step, sent, failed }) =>
    `During step ${String(step)}, users sent ${sent} requests. Apart from the errors of v2 itself, ${String(failed)} failed.`,
  folder: (path) => `Logs, summaries and reports: ${path}`,
  allEnded: ({ steps, duration }) => `All ${String(steps)} steps ended as expected, in ${duration}.`,
  endedOtherwise: (step) => `Step ${String(step)} did not end as expected.`,
  kept: 'The fleet stays up until Ctrl-C, with helloworld at 80/20.',
  through: ({ app, cluster }) => `${app} through ${cluster}`,
  demoFailed: (message) => `The demo failed. ${message}`,
};

const zh: DemoTexts = {
  titles: {
    first: '首次发布：v1 在 east，v2 在 west，按 80/20 分流',
    edited: '有人改了 west 的权重：verify 指出谁、在哪里、改了什么',
    rollback: '两个集群一起回滚到 80/20',
    second: '第二个服务 checkout：全部流量在 v1',
    errors: 'checkout 的 v2 每十个请求失败一个：发布自动回滚',
    promote: 'helloworld 逐级放量到 100%',
    retire: '下线 helloworld 的 v1',
    metrics: '采样路径之外，checkout 的 v2 让用户请求失败：指标触发回滚',
    httpRoute: '第三个服务 search：由 Gateway API 的 HTTPRoute 按 80/20 分流',
    kept: '恢复到 80/20，供你动手试',
  },
  labels: {
    did: '操作',
    usersGot: '用户得到',
    metrics: '指标',
    verdict: '结论',
    cause: '原因',
    now: '现状',
    next: '下一步',
    report: '报告',
  },
  did: ({ operation, app, namespace, written }) => {
    const writes = [...written].map(([cluster, objects]) => `${cluster} ${String(objects)} 个`);
    const text = writes.length === 0 ? '没有写入' : `写入对象：${writes.join('，')}`;
    return `命名空间 ${namespace} 中 ${app} 的 ${operation}；${text}`;
  },
  failed: (errors) => `（失败 ${String(errors)} 个）`,
  samples: (samples) => `${samples} 个样本`,
  metric: ({ name, cluster, verdict }) =>
    `${name}${cluster === undefined ? '' : `（${cluster}）`}：${verdict}`,
  ended: ({ otherwise, duration }) =>
    `，${otherwise === undefined ? '符合预期' : `预期却是${otherwise}`}，用时 ${duration}。`,
  columns: ['#', '操作', '服务', '作业', '符合预期', '当前权重', '用时', '步骤'],
  expected: ['是', '否'],
  bundling: '正在用源码打包（没有改动则跳过）…',
  users: ({ step, sent, failed }) =>
    `第 ${String(step)} 步期间，用户发出 ${sent} 个请求。除 v2 自身的错误外，失败 ${String(failed)} 个。`,
  folder: (path) => `日志、摘要与报告：${path}`,
  allEnded: ({ steps, duration }) => `${String(steps)} 步全部符合预期，用时 ${duration}。`,
  endedOtherwise: (step) => `第 ${String(step)} 步的结果不符合预期。`,
  kept: '集群保持运行，直到按下 Ctrl-C；helloworld 的权重为 80/20。',
  through: ({ app, cluster }) => `经 ${cluster} 访问 ${app}`,
  demoFailed: (message) => `演示失败。${message}`,
};

const TEXTS: Readonly<Record<Language, DemoTexts>> = { en, zh };

export function demoTextsIn(language: Language): DemoTexts {
  return TEXTS[language];
}
