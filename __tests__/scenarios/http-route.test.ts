import { describe } from '@jest/globals';
import { checkCases, lifecycleCases, placementCases, rolloutCases } from './cases/release-cases.ts';
import { useStage } from './support/stage.ts';

describe('a release whose weights are in an HTTPRoute (scenario 44)', () => {
  const stage = useStage({ api: 'HTTPRoute' });

  rolloutCases(stage);
  lifecycleCases(stage);
  checkCases(stage);
  placementCases(stage);
});
