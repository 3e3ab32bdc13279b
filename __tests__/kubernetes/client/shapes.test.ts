import { expect, test } from '@jest/globals';
import { shapeOf } from '../../../src/kubernetes/client/shapes.ts';

const serviceWith = (ip: unknown): unknown => ({
  spec: { type: null, ports: [{ name: null, port: 80 }] },
  status: { loadBalancer: { ingress: [{ ip, hostname: 'ingress.example.com' }] } },
});

test('a value that is null counts as missing, and one of another type is refused', () => {
  const shape = shapeOf('Service');
  expect([null, undefined, '192.0.2.1', 5, {}].map((ip) => shape.safeParse(serviceWith(ip)).success)).toEqual(
    [true, true, true, false, false],
  );
});
