import { describe, test } from '@jest/globals';

const isMesh = process.env['FLEET'] === 'mesh';

/**
 * A test whose answer the action alone decides: from inputs, from objects that both fleets store alike, or from a stand-in for GitHub or an
 * ingress. On real clusters it would show nothing more, in several times the time.
 */
export const testOnEmbedded = isMesh ? test.skip : test;

/** The same of several tests. */
export const describeOnEmbedded = isMesh ? describe.skip : describe;
