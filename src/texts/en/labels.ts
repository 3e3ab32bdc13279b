import type { LabelTexts } from '../catalogue/labels.ts';

export const labels: LabelTexts = {
  columns: {
    cluster: 'Cluster',
    version: 'Version',
    weight: 'Weight',
    observed: 'Observed',
    deviation: 'Deviation',
    tolerance: 'Tolerance',
    samples: 'Samples',
    errors: 'Errors',
    median: 'Median',
    slowest: 'Slowest',
    time: 'Time',
    event: 'Event',
    duration: 'Duration',
    state: 'State',
    metric: 'Metric',
    requests: 'Requests',
    failedOrSlow: 'Failed or slow',
    rate: 'Rate',
    evidence: 'Evidence against',
  },
  headings: {
    next: 'Next',
    notCovered: 'Not covered',
    connections: 'Connections',
    likelyCause: 'Likely cause',
    alsoFound: 'Also found',
    failedRequests: 'Failed requests',
    metrics: 'Metrics of users’ requests',
  },
};
