/**
 * Stand-ins for GitHub and the clouds: the actions and programs that the example workflows call.
 */

/** Adds a context of the fleet's kubeconfig (FLEET_KUBECONFIG) to a file, as a login would. */
const login = (file: string, context: string): string =>
  `kubectl --kubeconfig "$FLEET_KUBECONFIG" --context "${context}" config view --minify --flatten --raw > "${file}.one"
touch "${file}"
KUBECONFIG="${file}:${file}.one" kubectl config view --flatten --raw > "${file}.all"
mv "${file}.all" "${file}"
rm "${file}.one"`;

const action = (rest: string): string => `name: stand-in\ndescription: stand-in\n${rest}`;
const nothing = action(`runs:
  using: composite
  steps:
    - run: 'true'
      shell: bash
`);

/** Third-party actions, by their names without the commit. */
export const STUBS: ReadonlyMap<string, string> = new Map([
  ['aws-actions/configure-aws-credentials', nothing],
  ['azure/login', nothing],
  ['azure/use-kubelogin', nothing],
  ['google-github-actions/auth', nothing],
  [
    'google-github-actions/get-gke-credentials',
    action(`inputs:
  cluster_name: { description: name, required: true }
  location: { description: location, required: true }
  context_name: { description: context, required: true }
outputs:
  kubeconfig_path:
    description: path
    value: \${{ steps.made.outputs.path }}
runs:
  using: composite
  steps:
    - id: made
      shell: bash
      env:
        CONTEXT: \${{ inputs.context_name }}
      run: |
        file="$RUNNER_TEMP/gke-$CONTEXT"
${login('$file', '$CONTEXT').replaceAll(/^/gm, '        ')}
        echo "path=$file" >> "$GITHUB_OUTPUT"
`),
  ],
]);

/** Reads the values of two options, for the file and the context, and logs in. */
const cloud = (file: string, context: string): string => `#!/usr/bin/env bash
set -euo pipefail
while [ $# -gt 0 ]; do
  case "$1" in
    ${file}) file=$2 ;;
    ${context}) context=$2 ;;
  esac
  shift
done
${login('$file', '$context')}
`;

/** The programs that the examples for the clouds call. */
export const TOOLS: ReadonlyMap<string, string> = new Map([
  ['aws', cloud('--kubeconfig', '--alias')],
  ['az', cloud('--file', '--context')],
  ['kubelogin', '#!/bin/sh\n'],
]);

/** `gh api`: sends one request to GITHUB_API_URL. */
export const GH = `#!/usr/bin/env node
const [command, ...args] = process.argv.slice(2);
if (command !== 'api') throw new Error('gh ' + command + ' is not known here');
let method = 'GET', path = '', jq = '', silent = false;
const body = {};
while (args.length > 0) {
  const arg = args.shift();
  if (arg === '--method') method = args.shift();
  else if (arg === '--jq') jq = args.shift();
  else if (arg === '--silent') silent = true;
  else if (arg === '-f') {
    const [name, ...value] = args.shift().split('=');
    body[name] = value.join('=');
  } else path = arg;
}
const response = await fetch(process.env.GITHUB_API_URL + '/' + path, {
  method,
  headers: { authorization: 'token ' + process.env.GH_TOKEN, 'content-type': 'application/json' },
  ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
});
const answer = await response.json();
if (!response.ok) {
  console.error('gh: ' + answer.message);
  process.exit(1);
}
if (jq !== '') console.log(answer[jq.slice(1)]);
else if (!silent) console.log(JSON.stringify(answer));
`;
