// Brings the mesh up and keeps it until Ctrl-C, for anyone who wants to try the action by hand: `npm run mesh`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { enterMesh } from './enter.ts';
import { messageOf } from './error-message.ts';
import { readScriptOptions } from '../script-options.ts';
import { locatePrograms, runFolder } from './programs.ts';
import { startMesh } from './start.ts';

const outerPid = process.env['MULTICLUSTER_CANARY_OUTER_PID'];

/** Takes the ingress gateway that each cluster has; istiod assigns a Gateway only to Services of its own namespace. */
const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'ingress', namespace: 'istio-system' },
  spec: {
    gatewayClassName: 'istio',
    addresses: [{ type: 'Hostname', value: 'istio-ingressgateway.istio-system.svc.cluster.local' }],
    listeners: [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }],
  },
};

readScriptOptions('Usage: npm run mesh\n\nKeeps two real clusters up until Ctrl-C. It takes no options.', {});

try {
  if (outerPid === undefined) process.exitCode = await enterMesh([process.execPath, import.meta.filename]);
  else await keepMesh(outerPid);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function keepMesh(enterPid: string): Promise<void> {
  const ended = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const start = performance.now();
  const fleet = await startMesh({ prometheus: true });
  const folder = await mkdtemp(join(runFolder(), 'hand-'));
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, fleet.kubeconfig, { mode: 0o600 });
    const { kubectl, istioctl } = await locatePrograms();
    for (const { name } of fleet.clusters) {
      const target = ['--kubeconfig', kubeconfig, '--context', name];
      await execa(kubectl, [...target, 'apply', '--filename=-'], { input: JSON.stringify(GATEWAY) });
    }
    const lines = [
      `The mesh is up after ${((performance.now() - start) / 1000).toFixed(1)} s. Ctrl-C ends it.`,
      '',
      ...fleet.clusters.map(
        ({ name, ingress, hostname, prometheus = '' }) =>
          `  context ${name}: ingress ${ingress}, also http://${hostname}; Prometheus ${prometheus}, also monitoring/prometheus:9090`,
      ),
      '  both clusters have the Gateway istio-system/ingress, to which HTTPRoutes of all namespaces may attach',
      `  kubeconfig: ${kubeconfig}`,
      `  kubectl:    ${kubectl}`,
      `  istioctl:   ${istioctl}`,
      `  logs:       ${join(runFolder(), 'mesh-*/logs')}`,
      '',
      'It has a network of its own. Another shell enters it with',
      '',
      `  nsenter --target ${enterPid} --user --preserve-credentials --mount --net --pid=/proc/${enterPid}/ns/pid_for_children \\`,
      `    env KUBECONFIG=${kubeconfig} PATH="${join(kubectl, '..')}:${join(istioctl, '..')}:$PATH" bash`,
      '',
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    await ended;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await fleet.stop();
  }
}
