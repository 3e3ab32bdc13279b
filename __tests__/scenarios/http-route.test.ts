import { describe } from '@jest/globals';
import { deploymentCases } from './cases/deployment-cases.ts';
import { checkCases, lifecycleCases, placementCases, rolloutCases } from './cases/release-cases.ts';
import { describeOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

describe('a release whose weights are in an HTTPRoute (scenario 44)', () => {
  const stage = useStage({ api: 'HTTPRoute' });

  rolloutCases(stage);
  lifecycleCases(stage);
  checkCases(stage);
  placementCases(stage);
  describeOnEmbedded('deploys its versions', () => {
    deploymentCases(stage);
  });
});
