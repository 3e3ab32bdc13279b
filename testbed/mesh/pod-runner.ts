import { setTimeout as sleep } from 'node:timers/promises';
import { meshIdentity } from './certificates.ts';
import type { Authority, Certified } from './certificates.ts';
import { messageOf } from './error-message.ts';
import { isFixedPod } from './fixed-pod.ts';
import { KubeError } from './kube-api.ts';
import { endpointSlices, pods } from './kube-objects.ts';
import type { EndpointSlice, Pod } from './kube-objects.ts';
import { nodeName } from './kubernetes.ts';
import type { Ground, KubernetesCluster } from './kubernetes.ts';
import { outcomeOf } from './pod-status.ts';
import type { Serving } from './pod-status.ts';
import { until } from './until.ts';
import { WorkloadHost } from './workload-host.ts';

/** The delay between two starts of a container that fails at first. */
const RESTART_MS = 1_000;
/** The length of a preStop hook that gives the gateways time to notice the end of a pod. */
const DRAIN_MS = 1000;
const ENDPOINT_SECONDS = 20;
/** A kubelet keeps asking an API server that is away. */
const AWAY_MS = 250;

interface PodName {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

interface KnownPod extends PodName {
  readonly version: string | undefined;
  serves: boolean;
  /** The work on each pod, one thing at a time. */
  work: Promise<void>;
  ending: boolean;
}

/**
 * Does what scheduler and kubelet do for the pods of one cluster: puts each on the cluster's one node, starts its workload,
 * reports its status, and ends it.
 */
export class PodRunner {
  readonly #cluster: KubernetesCluster;
  readonly #authority: Authority;
  readonly #host: WorkloadHost;
  readonly #known = new Map<string, KnownPod>();
  readonly #readyPods = new Map<string, ReadonlySet<string>>();
  readonly #certificates = new Map<string, Promise<Certified>>();
  readonly #signal: AbortSignal;
  #addresses = 0;

  /** Watches the cluster until the signal. */
  constructor({ processes, authority, folder }: Ground, cluster: KubernetesCluster, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#authority = authority;
    this.#signal = signal;
    this.#host = new WorkloadHost(processes, cluster.name, folder);
    const { api } = cluster;
    void api.watch(
      endpointSlices,
      ({ type, object }) => {
        this.#noteSlice(type === 'DELETED' ? undefined : object, object.metadata?.uid);
      },
      signal,
    );
    void api.watch(
      pods,
      ({ type, object }) => {
        this.#notePod(object, type === 'DELETED');
      },
      signal,
    );
  }

  /** Whether any workload runs or is about to. */
  get idle(): boolean {
    return this.#known.size === 0;
  }

  /** Ends a serving pod of a version without notice, as the loss of its node does. */
  async lose(namespace: string, version: string): Promise<void> {
    const pod = [...this.#known.values()].find(
      (one) => one.namespace === namespace && one.version === version && one.serves && !one.ending,
    );
    if (pod === undefined)
      throw new Error(`No pod of ${version} runs in ${namespace} of ${this.#cluster.name}.`);
    pod.ending = true;
    await this.#host.stop(pod.uid);
    await this.#delete(pod);
  }

  #noteSlice(slice: EndpointSlice | undefined, uid = ''): void {
    const ready = slice?.endpoints?.filter(({ conditions }) => conditions?.ready !== false);
    if (ready === undefined) this.#readyPods.delete(uid);
    else this.#readyPods.set(uid, new Set(ready.map(({ targetRef }) => targetRef?.uid ?? '')));
  }

  #notePod(pod: Pod, gone: boolean): void {
    const { uid, namespace, name, deletionTimestamp } = pod.metadata ?? {};
    if (uid === undefined || namespace === undefined || name === undefined || isFixedPod(pod)) return;
    let known = this.#known.get(uid);
    if (known === undefined) {
      if (gone) return;
      const version = pod.metadata?.labels?.['version'];
      const made: KnownPod = {
        uid,
        namespace,
        name,
        version,
        serves: false,
        work: Promise.resolve(),
        ending: false,
      };
      known = made;
      this.#known.set(uid, made);
      this.#queue(made, 'start', async () => {
        await this.#run(pod, uid);
        made.serves = true;
      });
    }
    const { ending } = known;
    known.ending ||= deletionTimestamp !== undefined;
    if (gone) this.#queue(known, 'forget', () => this.#forget(uid));
    else if (known.ending && !ending) this.#queue(known, 'end', () => this.#end({ uid, namespace, name }));
  }

  #queue(pod: KnownPod, verb: string, action: () => Promise<void>): void {
    pod.work = pod.work.then(action).catch((error: unknown) => {
      // Deleted meanwhile, which another event reports.
      if (error instanceof KubeError && (error.status === 404 || error.status === 409)) return;
      this.#report(`cannot ${verb} pod ${pod.namespace}/${pod.name}`, error);
    });
  }

  #report(what: string, error: unknown): void {
    process.stderr.write(`mesh: ${this.#cluster.name}: ${what}: ${messageOf(error)}\n`);
  }

  async #run(pod: Pod, uid: string): Promise<void> {
    const { api, addresses } = this.#cluster;
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const address = addresses.pod(this.#addresses++);
    for (let attempt = 1; ; attempt += 1) {
      const { status, serving, again } = outcomeOf(pod, address, addresses.node, new Date(), attempt);
      if (serving) await this.#serve(pod, uid, address, serving);
      if (attempt === 1) await this.#bind(pod, uid);
      await this.#persist(() =>
        api.patch(
          pods,
          { namespace, name, subresource: 'status' },
          { metadata: { uid }, status },
          'strategic',
        ),
      );
      if (!again) return;
      await sleep(RESTART_MS);
    }
  }

  async #bind(pod: Pod, uid: string): Promise<void> {
    const { api, name: cluster } = this.#cluster;
    const { namespace = '', name = '' } = pod.metadata ?? {};
    if (pod.spec?.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: nodeName(cluster) };
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
      let unanswered = false;
      await this.#persist(async () => {
        try {
          await api.request('POST', path, { metadata: { name, uid }, target });
        } catch (error) {
          // The attempt whose answer was lost has bound it.
          if (unanswered && error instanceof KubeError && error.status === 409) return;
          unanswered = true;
          throw error;
        }
      });
    }
  }

  /** Repeats a call until the API server answers it. */
  async #persist(call: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await call();
        return;
      } catch (error) {
        if (this.#signal.aborted || (error instanceof KubeError && error.status < 500)) throw error;
        await sleep(AWAY_MS);
      }
    }
  }

  async #serve({ metadata, spec }: Pod, uid: string, address: string, serving: Serving): Promise<void> {
    const identity = serving.sidecar
      ? {
          ...(await this.#certificate(metadata?.namespace ?? '', spec?.serviceAccountName ?? 'default')),
          root: this.#authority.root,
        }
      : undefined;
    await this.#host.start({ ...serving, id: uid, pod: metadata?.name ?? '', address, identity });
  }

  #certificate(namespace: string, serviceAccount: string): Promise<Certified> {
    const uri = meshIdentity(namespace, serviceAccount);
    const certificate = this.#certificates.get(uri) ?? this.#authority.issue({ uri: [uri] });
    this.#certificates.set(uri, certificate);
    return certificate;
  }

  async #end({ uid, namespace, name }: PodName): Promise<void> {
    const unused = () => ![...this.#readyPods.values()].some((ready) => ready.has(uid));
    const what = `the endpoints of pod ${namespace}/${name} to go`;
    await until(what, unused, { seconds: ENDPOINT_SECONDS }).catch((error: unknown) => {
      this.#report('a pod is ended although requests may still be sent to it', error);
    });
    // Only now do the control planes learn of it and stop the gateways from sending requests.
    await sleep(DRAIN_MS);
    await this.#host.stop(uid);
    await this.#delete({ uid, namespace, name });
  }

  async #delete({ uid, namespace, name }: PodName): Promise<void> {
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#persist(() => this.#cluster.api.delete(pods, { namespace, name }, options));
  }

  async #forget(uid: string): Promise<void> {
    await this.#host.stop(uid);
    this.#known.delete(uid);
  }
}
