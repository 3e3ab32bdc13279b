import { formatWeights } from '../../core/weights.ts';
import type { NextStepTexts, StateTexts } from '../catalogue/state.ts';
import { headline } from './headline.ts';

export const state: StateTexts = {
  willRecover: 'The post step of this job, or else the next run, will bring them to the same weights.',
  alignYourself: (operation) =>
    `This needs your action: bring all clusters to the same weights (operation ${operation} with the input weights).`,
  nothingWritten: (weights) => `Nothing was written; the routes hold ${headline.weights(weights)}.`,
  weightsUnchanged: (weights) =>
    `The weights are unchanged (${headline.weights(weights)}); other writes are listed below.`,
  restored: ({ weights, safe }) =>
    `The previous weights are restored (${headline.weights(weights)})${safe ? ', so nothing is urgent' : ''}.`,
  routesHold: (weights) => `The routes hold ${headline.weights(weights)}.`,
  routesStillHold: (weights) => `The routes still hold ${headline.weights(weights)}.`,
  wayBack: (weights) => `The operation rollback restores ${formatWeights(weights)}.`,
};

export const nextStep: NextStepTexts = {
  reviewPlan: 'Review the changes, then apply them with the operation rollout and the same inputs.',
  correctInputs: 'Correct the inputs below, then re-run this step.',
  fixCause: 'Fix the cause, then re-run this step.',
  chooseRoutes: 'Set the input routes to the routes that the release should split.',
  align: (operation) =>
    `Bring all clusters to the same weights: run the operation ${operation} with the input weights.`,
  readableMetric:
    'Make the metric readable, or give it more time and traffic (input bake), then re-run this step.',
  moreSamples:
    'Re-run with more time or samples (inputs verify-timeout, max-samples), or with a wider tolerance (input tolerance).',
  fixLikelyCause: 'Fix the likely cause, then re-run this step.',
  lookAtUsers: (metric) =>
    `Look at what users of the new version get (metric ${metric}): its logs and traces in the time of the check.`,
  compareClusters:
    'No known cause was found: compare the clusters (operation status), and inspect the versions themselves.',
  lookAtLogs: (versions) =>
    `The routes and rules do not explain it: check the logs of ${versions.join(' and ')}.`,
  promote: (weights) => `Continue with the next step, ${formatWeights(weights)} (operation promote).`,
  retire: (versions) =>
    `The release is complete. Once nobody needs ${versions.join(', ')}, retire it (operation retire, version ${versions[0] ?? ''}).`,
};
