import { nameOfProxy } from '../core/proxy.ts';
import type { Message } from '../texts/message.ts';
import { messageOf } from '../core/errors.ts';
import { clusterOf } from '../kubernetes/client/contexts.ts';
import { assertLoginSupported } from '../kubernetes/client/login.ts';
import type { KubeConfig } from '../kubernetes/client/kubeconfig.ts';
import { insecurityOf, proxyTo } from '../kubernetes/client/route.ts';
import { LoginError } from '../kubernetes/client/errors.ts';
import type { Inputs } from './inputs.ts';
import { inputPlace, theInput } from '../core/wording.ts';

/** Something unusual about the way to a cluster. */
export interface ConnectionNote {
  readonly message: Message;
  readonly isWarning: boolean;
}

type Values = Partial<Pick<Inputs, 'clusters' | 'config-clusters' | 'insecure-clusters'>>;

/** Every context of the release, once. */
export function contextsInUse({ clusters, 'config-clusters': config = [] }: Values): readonly string[] {
  return [...new Set([...(clusters?.clusters ?? []), ...config])];
}

/** Why contexts cannot be used, before the first call: their login is not supported, or they are insecure and not listed as such. */
export function problemsOfConnections(values: Values, kubeconfig: KubeConfig): readonly string[] {
  return known(values, kubeconfig).flatMap((name) => [
    ...loginProblem(kubeconfig, name),
    ...(values['insecure-clusters']?.includes(name) === true ? [] : insecurity(kubeconfig, name)),
  ]);
}

/** What the log and the report say about the way to the clusters. */
export function notesOfConnections(values: Values, kubeconfig: KubeConfig): readonly ConnectionNote[] {
  return known(values, kubeconfig).flatMap((name) => {
    const insecure = insecurityOf(kubeconfig, name);
    const cluster = clusterOf(kubeconfig, name);
    const proxy = cluster === undefined ? undefined : proxyTo(cluster);
    return [
      ...(insecure === undefined
        ? []
        : [{ message: { kind: 'insecure', cluster: name, why: insecure }, isWarning: true } as const]),
      ...(proxy === undefined
        ? []
        : [
            {
              message: { kind: 'apiThroughProxy', cluster: name, proxy: nameOfProxy(proxy) },
              isWarning: false,
            } as const,
          ]),
    ];
  });
}

/** The contexts in use that the kubeconfig has; the others are reported as unknown. */
function known(values: Values, kubeconfig: KubeConfig): readonly string[] {
  return contextsInUse(values).filter((name) => kubeconfig.getContextObject(name) !== null);
}

function loginProblem(kubeconfig: KubeConfig, name: string): readonly string[] {
  const user = kubeconfig.getContextObject(name)?.user;
  const who = `${inputPlace('kubeconfig')}: context ${name}${user === undefined ? '' : `, user ${user}`}`;
  try {
    assertLoginSupported(kubeconfig, name);
    const cluster = clusterOf(kubeconfig, name);
    if (cluster !== undefined) proxyTo(cluster);
    return [];
  } catch (error) {
    const remedy = error instanceof LoginError ? ` ${error.remedy}.` : '';
    return [`${who}: ${messageOf(error).replace(/\.$/, '')}.${remedy}`];
  }
}

function insecurity(kubeconfig: KubeConfig, name: string): readonly string[] {
  const why = insecurityOf(kubeconfig, name);
  if (why === undefined) return [];
  return [
    `${inputPlace('kubeconfig')}: context ${name}: ${why}. Use an https server with certificate-authority-data. To accept the risk, add ${name} to ${theInput('insecure-clusters')}.`,
  ];
}
