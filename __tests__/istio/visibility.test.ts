import { describe, expect, test } from '@jest/globals';
import { sharedGateways } from '../../src/istio/visibility.ts';
import { MESH_DEFAULTS } from '../../src/istio/mesh-config.ts';
import { to, toOther, virtualService } from '../support/objects.ts';

const OWN = virtualService([{ route: [to('v1')] }], {}, { gateways: ['edge/public'], exportTo: ['edge'] });

describe('where the pods of a Gateway of the release run is asked', () => {
  const both = ['mine', 'edge/public'];
  test.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
    ['where it is shared with what not all see', { gateways: both, exportTo: ['.'] }, ['edge/public']],
    ['not where it is shared with what all see', { gateways: both }, []],
    ['not where it is shared with what nobody sees', { gateways: both, exportTo: ['~'] }, []],
    ['not where others have one of their own', { gateways: ['mine'], exportTo: ['.'] }, []],
  ])('%s', (_what, spec, names) => {
    const other = virtualService([{ route: [toOther()] }], { name: 'other', namespace: 'shop' }, spec);
    expect(sharedGateways([OWN, other], [OWN], MESH_DEFAULTS)).toEqual(names);
  });
});
