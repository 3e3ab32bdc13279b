import { z } from 'zod';

// The shapes of what is read of an object, by kind (see `objects.ts`). A field may be missing; where it is there, it has its type.
// The code that reads it relies on that. A plain value may be `null`, which Kubernetes takes for a missing one; a list or an object,
// where servers are known to send it.

const texts = z.record(z.string(), z.string());
const list = <T extends z.ZodType>(item: T): z.ZodOptional<z.ZodArray<T>> => z.array(item).optional();
const text = z.string().nullish();
const number = z.number().nullish();
const flag = z.boolean().nullish();
const part = <T extends z.ZodRawShape>(fields: T): z.ZodOptional<z.ZodObject<T>> =>
  z.object(fields).optional();
const numberOrText = z.union([z.number(), z.string()]).nullish();

const conditions = list(z.object({ type: z.string(), status: z.string(), reason: text, message: text }));
const containers = list(
  z.object({
    name: z.string(),
    image: text,
    args: list(z.string()),
    ports: list(z.object({ name: text, containerPort: z.number(), protocol: text })),
    env: list(z.looseObject({})),
    resources: part({ limits: z.record(z.string(), z.union([z.string(), z.number()])).optional() }),
  }),
);
const podSpec = part({ containers, initContainers: containers, nodeName: text });
const waiting = part({ reason: text, message: text });
const terminated = part({ reason: text, exitCode: number, message: text });
const containerStatuses = list(
  z.object({
    name: z.string(),
    ready: flag,
    restartCount: number,
    state: part({ waiting, terminated }),
    lastState: part({ terminated }),
  }),
);
const strategy = part({
  type: text,
  rollingUpdate: part({ maxSurge: numberOrText, maxUnavailable: numberOrText, partition: number }),
});
const workload = z.object({
  spec: part({
    replicas: number,
    paused: flag,
    strategy,
    updateStrategy: strategy,
    selector: part({ matchLabels: texts.optional() }),
    template: part({
      metadata: part({ labels: texts.optional(), annotations: texts.optional() }),
      spec: podSpec,
    }),
  }),
  status: part({
    observedGeneration: number,
    replicas: number,
    updatedReplicas: number,
    availableReplicas: number,
    readyReplicas: number,
    desiredNumberScheduled: number,
    currentNumberScheduled: number,
    updatedNumberScheduled: number,
    numberAvailable: number,
    conditions,
  }),
});
const destination = z.object({ host: z.string(), subset: text, port: part({ number }) });
const routeDestinations = list(
  z.object({
    destination,
    weight: number,
    headers: part({ response: part({ set: texts.optional() }) }),
  }),
);
const addresses = list(z.object({ type: text, value: text }));
const reference = z.object({ group: text, kind: text, namespace: text, name: z.string() });
const labelSelector = part({
  matchLabels: texts.optional(),
  matchExpressions: list(z.object({ key: z.string(), operator: z.string(), values: list(z.string()) })),
});
const streamRoutes = list(z.object({ route: routeDestinations }));

const SHAPES: Readonly<Record<string, z.ZodType>> = {
  Service: z.object({
    spec: part({
      type: text,
      selector: texts.optional(),
      ports: list(z.object({ name: text, port: z.number(), targetPort: numberOrText, nodePort: number })),
      clusterIP: text,
      clusterIPs: list(z.string()),
      externalTrafficPolicy: text,
    }),
    status: part({ loadBalancer: part({ ingress: list(z.object({ ip: text, hostname: text })) }) }),
  }),
  Deployment: workload,
  StatefulSet: workload,
  DaemonSet: workload,
  HorizontalPodAutoscaler: z.object({ spec: part({ scaleTargetRef: part({ kind: text, name: text }) }) }),
  Pod: z.object({
    spec: podSpec,
    status: part({
      phase: text,
      podIP: text,
      hostIP: text,
      conditions,
      containerStatuses,
      initContainerStatuses: containerStatuses,
    }),
  }),
  Node: z.object({
    status: part({ addresses: list(z.object({ type: z.string(), address: z.string() })), conditions }),
  }),
  ConfigMap: z.object({ data: texts.optional() }),
  Lease: z.object({ spec: part({ holderIdentity: text }) }),
  DestinationRule: z.object({
    spec: z.object({
      host: z.string(),
      subsets: list(z.object({ name: z.string(), labels: texts.optional() })),
      exportTo: list(z.string()),
      workloadSelector: z.object({ matchLabels: texts.optional() }).nullish(),
      trafficPolicy: part({ tls: part({ mode: text }) }),
    }),
  }),
  // Istio's, and the Gateway API's: their fields have different names.
  Gateway: z.object({
    spec: z.object({
      selector: texts.optional(),
      servers: list(
        z.object({
          port: z.object({ number: z.number(), name: text, protocol: text }),
          hosts: list(z.string()),
          tls: part({ mode: text, httpsRedirect: flag }),
        }),
      ),
      gatewayClassName: text,
      addresses,
      listeners: list(
        z.object({
          name: z.string(),
          hostname: text,
          port: z.number(),
          protocol: z.string(),
          tls: part({ mode: text, certificateRefs: list(reference) }),
          allowedRoutes: part({
            namespaces: part({ from: text, selector: labelSelector }),
            kinds: list(z.object({ group: text, kind: z.string() })),
          }),
        }),
      ),
    }),
    status: part({ addresses, conditions, listeners: list(z.object({ name: z.string(), conditions })) }),
  }),
  PeerAuthentication: z.object({
    spec: part({
      selector: part({ matchLabels: texts.optional() }),
      mtls: part({ mode: text }),
      portLevelMtls: z.record(z.string(), z.object({ mode: text })).optional(),
    }),
  }),
  ReferenceGrant: z.object({
    spec: z.object({
      from: list(z.object({ group: z.string(), kind: z.string(), namespace: z.string() })),
      to: list(z.object({ group: z.string(), kind: z.string(), name: text })),
    }),
  }),
  VirtualService: z.object({
    spec: z.object({
      hosts: list(z.string()),
      gateways: list(z.string()),
      exportTo: list(z.string()),
      http: list(
        z.object({
          name: text,
          match: list(z.object({ headers: z.record(z.string(), z.unknown()).optional() })),
          route: routeDestinations,
          delegate: part({ name: text, namespace: text }),
          mirror: destination.optional(),
          mirrors: list(z.object({ destination })),
        }),
      ),
      tcp: streamRoutes,
      tls: streamRoutes,
    }),
  }),
};

const ANY = z.looseObject({});

/** The shape of the objects of a kind; anything goes for one that is not read. */
export function shapeOf(kind: string): z.ZodType {
  return Object.hasOwn(SHAPES, kind) ? (SHAPES[kind] ?? ANY) : ANY;
}
