import { agreedWeights, clustersDisagree, holdsNoWeights, holdingsOf } from '../release/cluster-weights.ts';
import type { Texts } from '../texts/catalogue.ts';
import { say, textsIn } from '../texts/texts.ts';
import { currentStateOf } from './current-state.ts';
import { failingVersions } from './failing-versions.ts';
import { disagreementIn, weightsInForce } from './holdings.ts';
import { glanceOf } from './glance.ts';
import { nextStepOf } from './next-step.ts';
import { needsErrorMessage, outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { RunRecord } from './run-record.ts';
import { metricsThat } from './metric-sentences.ts';
import { failureOf, inconclusiveOf, passOf } from './sentences.ts';

/** What a reader sees first. */
export interface Headline {
  readonly outcome: Outcome;
  /** A few words. */
  readonly title: string;
  /** The whole run in one line, for a heading. */
  readonly line: string;
  /** The outcome in a sentence or two; anything that affects users comes first. */
  readonly sentence: string;
  /** The weights that users have now, after a run that did not pass. */
  readonly currentState: string | undefined;
  /** What to do next. */
  readonly nextStep: string | undefined;
}

/**
 * The outcome of a run in words. Summary, page, comment, commit status, log and JSON all use it.
 *
 * @param texts of the language of the record, unless machines read it, or people search for it
 */
export function headlineOf(record: RunRecord, texts = textsIn(record.language)): Headline {
  const outcome = outcomeOf(record);
  const title = titleOf(record, outcome, texts);
  const isGood = ['pass', 'done', 'unverified', 'ambiguous'].includes(outcome);
  return {
    outcome,
    title,
    line: glanceOf(record, title, texts),
    sentence: texts.formats.sentences([
      ...record.harms.map((harm) => say(harm, texts)),
      ...sentencesOf(record, outcome, texts),
    ]),
    currentState: isGood ? undefined : currentStateOf(record, outcome, texts),
    nextStep: nextStepOf(record, outcome, texts),
  };
}

/**
 * The error message, if neither the verdict nor the evidence nor a list of problems explains the failure, without what the headline
 * says.
 */
export function errorMessageOf(record: RunRecord): string | undefined {
  const { failure, problems } = record;
  if (failure === undefined || problems.length > 0 || !needsErrorMessage(outcomeOf(record))) return undefined;
  // Messages are in English.
  const { sentence, nextStep = '' } = headlineOf(record, textsIn('en'));
  const rest = [sentence, nextStep].reduce(
    (text, said) => (text.startsWith(said) ? text.slice(said.length).trim() : text),
    failure,
  );
  return rest === '' ? undefined : rest;
}

/** The line with what it is about, as far as that is known. */
export function headingOf(
  { app, namespace, language }: Pick<RunRecord, 'app' | 'namespace' | 'language'>,
  line: string,
): string {
  return app === '' ? line : textsIn(language).glance.heading({ app, namespace, line });
}

function titleOf(record: RunRecord, outcome: Outcome, { headline: { titles } }: Texts): string {
  const { operation, plan, retiring: version } = record;
  const byMetrics = isByMetricsAlone(record);
  switch (outcome) {
    case 'pass': {
      const acted = ['rollback', 'retire'].includes(operation) && record.changes.length > 0;
      return titles.pass({ acted: acted ? { operation, version } : undefined, byMetrics });
    }
    case 'fail': {
      const { failing } = failingVersions(record);
      if (failing.length > 0) return titles.versionsFail(failing);
      if (clustersDisagree(record.held)) return divergenceTitle(record, titles);
      const [metric] = metricsThat(record.metrics, 'fail');
      return metric === undefined ? titles.splitFailed : titles.metricFailed(metric.name);
    }
    case 'inconclusive':
      return titles.inconclusive({ byMetrics });
    case 'unverified':
      return operation === 'verify' ? titles.notVerified : titles.actedNotVerified({ operation, version });
    case 'ambiguous':
      return titles.routesNotChosen;
    case 'diverged':
      return divergenceTitle(record, titles);
    case 'failed':
      return record.problems.length > 0 ? titles.refused(operation) : titles.failed(operation);
    case 'done':
      return plan === undefined ? titles.done(operation) : titles.planned(plan.changes.length);
  }
}

/** Whether no ingress was sampled, so that metrics decide. */
function isByMetricsAlone({ evidence, metrics }: RunRecord): boolean {
  return evidence.length === 0 && metrics.length > 0;
}

function divergenceTitle({ held }: RunRecord, titles: Texts['headline']['titles']): string {
  return holdsNoWeights(held) ? titles.noWeights : titles.differentWeights;
}

function sentencesOf(record: RunRecord, outcome: Outcome, texts: Texts): readonly string[] {
  const { checks, held } = record;
  const { headline } = texts;
  switch (outcome) {
    case 'pass':
      return passOf(record, texts);
    case 'fail':
      return [...(clustersDisagree(held) ? [disagreementIn(held, texts)] : []), ...failureOf(record, texts)];
    case 'inconclusive':
      return inconclusiveOf(record, texts);
    case 'unverified': {
      const weights = agreedWeights(held);
      const [idle] = record.metrics;
      return [
        weights === undefined ? headline.noneSet : headline.allHold(weights),
        headline.nothingSampled,
        ...(idle === undefined ? [] : [headline.noMetricApplies(say(idle.reason, texts))]),
      ];
    }
    case 'ambiguous':
      return [headline.routesOpen(holdingsOf(held, texts))];
    case 'diverged':
      return [disagreementIn(held, texts)];
    case 'failed':
      if (record.problems.length > 0) return [headline.refused(record.problems.length)];
      return [checks.length === 0 ? headline.failedBeforeCheck : headline.failedAfterCheck];
    case 'done':
      return [doneSentence(record, texts)];
  }
}

function doneSentence({ plan, held }: RunRecord, texts: Texts): string {
  const { headline } = texts;
  const weights = agreedWeights(held);
  if (plan === undefined) {
    if (weights !== undefined) return headline.currentWeights(weights);
    return held.length === 0 ? headline.noWeightsSet : headline.holdingsSentence(holdingsOf(held, texts));
  }
  if (plan.changes.length === 0) return headline.nothingWouldChange;
  const from = weights === undefined ? weightsInForce(held, texts, 'nothing') : headline.weights(weights);
  return headline.wouldChange({ from, to: plan.weights });
}
