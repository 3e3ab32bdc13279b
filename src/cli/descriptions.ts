import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { z } from 'zod';
import { FILE_LIMITS, readBoundedFile } from '../core/read-file.ts';
import type { InputName } from '../github/inputs.ts';

const MANIFEST = z.object({ inputs: z.record(z.string(), z.object({ description: z.string() })) });

/** The descriptions of action.yml that say how a workflow gives the input, in words for a command line. */
const OF_OPTIONS: Partial<Record<InputName, string>> = {
  kubeconfig:
    'Paths of kubeconfig files. Several are merged; unlike with kubectl, a context keeps the cluster and user of its own file. Default: `$KUBECONFIG`, then `~/.kube/config`.',
  weights:
    'Whole percentages, one for each version, that add up to 100, such as `v1=80,v2=20`. If omitted, the current weights are kept and a new version starts at 0. `verify` and `rollback` ignore the weights of the release file and use only those of this option.',
  'promote-to': 'For `promote`: continue through the steps up to this weight in one run.',
  headers: 'Request headers of the samples, `name: value`; repeat the option for more.',
  'metrics-headers':
    'Headers for `metrics-address`, such as `Authorization: Bearer …`; repeat the option for more. They are masked in all output, sent to no other address, and not allowed in the release file.',
  config:
    'Path of the release file: YAML with these options as keys, described by `canary.schema.json`. Options take precedence. Default: `.github/canary.yml`.',
  'github-token':
    'Token for the comment and the commit status on a pull request; used only in a run of GitHub Actions.',
  comment: 'Whether `plan` comments on the pull request, in a run of GitHub Actions. Default: `true`.',
  report: 'Folder to write the report to.',
  language:
    'Language of the summary and the HTML report: `en`, or `zh` for Chinese. The log, errors and `report.json` stay in English. Default: that of `LC_ALL`, `LC_MESSAGES` or `LANG`.',
};

/** What each option does, in the Markdown of action.yml, which describes most of them. */
export function readDescriptions(actionYml: URL): ReadonlyMap<string, string> {
  const text = readBoundedFile(fileURLToPath(actionYml), FILE_LIMITS.manifest);
  const { inputs } = MANIFEST.parse(load(text));
  return new Map([
    ...Object.entries(inputs).map(([name, { description }]) => [name, description] as const),
    ...Object.entries(OF_OPTIONS),
  ]);
}
