import { CanaryError } from '../../core/errors.ts';
import { theInput } from '../../core/wording.ts';
import { backendsTo, versionOfBackend } from '../../gateway-api/backends.ts';
import { ruleInSentence } from '../../gateway-api/rules.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import { rulesToService } from '../http-rules-to-service.ts';
import type { Observation } from '../observation.ts';

/**
 * Refuses to move some of the service's traffic and leave the rest: where neither the HTTPRoute nor its rules are named, only one rule of
 * the namespace may split the service.
 *
 * @throws CanaryError that names the others
 */
export function assertNoOtherRule(observed: Observation): void {
  const { release, routes } = observed;
  if (release.traffic.httpRoute !== undefined || release.traffic.routes !== undefined) return;
  const [choice] = routes.map((one) => one.choice);
  const other = rulesToService(observed).find(
    ({ route, rule }) =>
      route.metadata.namespace === release.namespace &&
      choice !== undefined &&
      backendsTo(route, rule, choice).some(
        (backend) => versionOfBackend(route, backend, choice) !== undefined,
      ),
  );
  if (other === undefined) return;
  throw new CanaryError(
    `${ruleInSentence(other.route, other.rule)} of ${nameOf(other.route)} in ${other.cluster} leads to versions of ${release.app} as well. Set ${theInput('http-route')} to the HTTPRoute whose weights are to change, and ${theInput('routes')} to its rules; the others stay as they are.`,
  );
}
