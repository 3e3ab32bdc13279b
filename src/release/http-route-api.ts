import { REVISION_HEADER, newestRevision } from '../core/headers.ts';
import { backendsTo, changedMarks, markOf, sumOfBackends } from '../gateway-api/backends.ts';
import { managedRules } from '../gateway-api/managed-rules.ts';
import type { HTTPRoute } from '../gateway-api/objects.ts';
import { gatewayParents, routeDetachments } from '../gateway-api/parents.ts';
import { withPreviewRules, withRuleWeights } from '../gateway-api/rule-edits.ts';
import { managedRuleVersions, managedRuleWeights, weightsByRule } from '../gateway-api/rule-weights.ts';
import { previewedByRules, rulePart, ruleKey, rulesTo } from '../gateway-api/rules.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { TrafficApi } from './traffic-api.ts';

/** Weights between the Services of the versions, in the rules of the Gateway API's HTTPRoutes. */
export const HTTP_ROUTE_API: TrafficApi<HTTPRoute> = {
  kind: 'HTTPRoute',
  weights: managedRuleWeights,
  versions: managedRuleVersions,
  weightsByRoute: weightsByRule,
  lacksRoute: (route, choice) => managedRules(route, choice).length === 0,
  hasRoute: (route, choice, name) => rulesTo(route, choice).some((rule) => ruleKey(route, rule) === name),
  routeNames: (route, choice) => managedRules(route, choice).map(({ name }) => name),
  isShared: (route, choice) =>
    managedRules(route, choice).some((rule) => {
      const ours = backendsTo(route, rule, choice);
      return sumOfBackends((rule.backendRefs ?? []).filter((backend) => !ours.includes(backend))) > 0;
    }),
  hasEntrance: (route) => gatewayParents(route).length > 0,
  withWeights: withRuleWeights,
  withPreviews: withPreviewRules,
  isPreviewed: (route, choice, version) => previewedByRules(route, choice).includes(version),
  detachments: routeDetachments,
  foreignMarks: (route, choice) =>
    managedRules(route, choice).flatMap((rule) => {
      const ours = backendsTo(route, rule, choice);
      return (rule.backendRefs ?? [])
        .filter((backend) => !ours.includes(backend) && markOf(backend, REVISION_HEADER) !== undefined)
        .map(({ name }) => ({ route: rulePart(route, rule), object: nameOf(route), destination: name }));
    }),
  changedMarks: (route, choice) =>
    managedRules(route, choice).flatMap((rule) =>
      changedMarks(rule).map((header) => ({ route: rulePart(route, rule), object: nameOf(route), header })),
    ),
  revision: (route, choice) =>
    newestRevision(
      managedRules(route, choice).flatMap((rule) =>
        backendsTo(route, rule, choice).map((backend) => markOf(backend, REVISION_HEADER)),
      ),
    ),
};
