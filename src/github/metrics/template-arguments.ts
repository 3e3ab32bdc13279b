import type { ServiceKey } from '../../core/names.ts';
import type { VersionName } from '../../core/weights.ts';

/** The names of a release, with which templates are filled. */
export interface TemplateNames extends ServiceKey {
  readonly version: VersionName | undefined;
  readonly virtualService: string;
  readonly route: string | undefined;
}

type Values = ReadonlyMap<string, string | undefined>;

/** The names that arguments of AnalysisTemplates usually have. A value in the template, or beside it, comes first. */
export function usualArguments({ app, namespace, version }: TemplateNames): Values {
  return new Map([
    ['service-name', app],
    ['service_name', app],
    ['service', app],
    ['app', app],
    ['app-name', app],
    ['namespace', namespace],
    ['service-namespace', namespace],
    ['version', version],
    ['canary-version', version],
  ]);
}

/** The variables of MetricTemplates (https://docs.flagger.app/usage/metrics#custom-metrics). */
export function flaggerVariables(
  { app, namespace, version, virtualService, route }: TemplateNames,
  interval: string,
): Values {
  return new Map([
    ['name', app],
    ['namespace', namespace],
    // The Deployment of the version being released, as this action names it.
    ['target', version === undefined ? undefined : `${app}-${version}`],
    ['service', app],
    ['ingress', virtualService],
    ['route', route ?? virtualService],
    ['interval', interval],
  ]);
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/**
 * Puts values in the place of `{{name}}`.
 *
 * @param valueOf the value of a name; undefined: it has none
 * @throws Error that names every placeholder without a value
 */
export function fillTemplate(text: string, valueOf: (name: string) => string | undefined): string {
  const missing = new Set<string>();
  const called = [...text.matchAll(PLACEHOLDER)].find(([, name = '']) => !/^[\w.-]+$/.test(name.trim()));
  if (called !== undefined)
    throw new Error(
      `has ${called[0]}, which is more than a name and is not evaluated; write out what it stands for`,
    );
  const filled = text.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
    const value = valueOf(name.trim());
    if (value === undefined) missing.add(placeholder);
    return value ?? placeholder;
  });
  if (missing.size > 0)
    throw new Error(`has no value for ${[...missing].join(', ')}; give it in args beside the file`);
  return filled;
}
