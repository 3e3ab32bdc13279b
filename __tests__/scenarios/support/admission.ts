import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedFleet } from '../../../testbed/embedded/start.ts';
import type { TestFleet } from '../../../testbed/fleet.ts';
import { selfSigned } from '../../support/certificate.ts';
import type { Kube } from './kube.ts';

/** Delays the admission of Deployments in east: on the mesh by a webhook. Returns what ends it. */
export async function slowAdmission(fleet: TestFleet, east: Kube, ms: number): Promise<() => Promise<void>> {
  if (fleet.kind === 'embedded') {
    const off = (fleet as EmbeddedFleet).onCall(({ cluster, kind, write, dryRun }) =>
      cluster === 'east' && kind === 'Deployment' && (write || dryRun) ? { delayMs: ms } : undefined,
    );
    return async () => {
      off();
      await Promise.resolve();
    };
  }
  const { cert, key } = await selfSigned('localhost');
  const server = createServer({ cert, key }, (request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      await delay(ms);
      const { request: review } = JSON.parse(body) as { request: { uid: string } };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: review.uid, allowed: true },
        }),
      );
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await east.create({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'slow-policies' },
    webhooks: [
      {
        name: 'slow.policies.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 30,
        clientConfig: {
          url: `https://localhost:${String(port)}/validate`,
          caBundle: Buffer.from(cert).toString('base64'),
        },
        rules: [
          {
            apiGroups: ['apps'],
            apiVersions: ['v1'],
            resources: ['deployments'],
            operations: ['CREATE', 'UPDATE'],
          },
        ],
      },
    ],
  });
  // The API server learns of a webhook a moment later.
  await delay(1_000);
  return async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
}
