import { formatWeights } from '../../core/weights.ts';
import { inputLabel, inputLabels, rerun, theInput, worded } from '../../core/wording.ts';
import type { NextStepTexts, StateTexts } from '../catalogue/state.ts';
import { headline } from './headline.ts';

export const state: StateTexts = {
  get willRecover() {
    return `${worded({ step: 'The post step of this job', command: 'This command, before it ends' })}, or else the next run, will bring them to the same weights.`;
  },
  alignYourself: (operation) =>
    `This needs your action: bring all clusters to the same weights (operation ${operation}, with ${theInput('weights')} set to those that all should hold).`,
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
  get correctInputs() {
    return `Correct the inputs below, then ${rerun()}.`;
  },
  get fixCause() {
    return `Fix the cause, then ${rerun()}.`;
  },
  get chooseRoutes() {
    return `Set ${theInput('routes')} to the routes that the release should split.`;
  },
  align: (operation) =>
    `Bring all clusters to the same weights: run the operation ${operation}, with ${theInput('weights')} set to those that all should hold.`,
  get readableMetric() {
    return `Make the metric readable, or give it more time and traffic (${inputLabel('bake')}), then ${rerun()}.`;
  },
  get moreSamples() {
    return `Re-run with more time or samples (${inputLabels('verify-timeout', 'max-samples')}), or with a wider tolerance (${inputLabel('tolerance')}).`;
  },
  get fixLikelyCause() {
    return `Fix the likely cause below, then ${rerun()}.`;
  },
  lookAtUsers: (metric) =>
    `Look at what users of the new version get (metric ${metric}): its logs and traces during the check.`,
  compareClusters:
    'No known cause was found: compare the clusters (operation status), and inspect the versions themselves.',
  lookAtLogs: ({ versions, replaced }) =>
    `Check the logs of ${versions.join(' and ')}: the routes and rules do not explain the failed requests.${replaced ? ' Of pods that have been replaced since, only stored logs are left.' : ''}`,
  promote: (weights) => `Continue with the next step, ${formatWeights(weights)} (operation promote).`,
  none: 'Nothing is left to do: the release is complete.',
  retire: (versions) =>
    `The release is complete. Once nobody needs ${versions.join(', ')}, retire it (operation retire, version ${versions[0] ?? ''}).`,
};
