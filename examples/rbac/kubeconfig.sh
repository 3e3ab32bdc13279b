#!/usr/bin/env bash
# Prints a kubeconfig for a service account of access.yaml, with a bound token for each cluster:
#   ./kubeconfig.sh gray-demo east west | base64 -w0 | gh secret set KUBECONFIG --env canary-20
#   ACCOUNT=multicluster-canary-reader ./kubeconfig.sh gray-demo east west | base64 -w0 | gh secret set KUBECONFIG --env canary-status
# Give each job the account that does no more than the job: multicluster-canary deploys, multicluster-canary-traffic moves traffic,
# multicluster-canary-reader only reads.
# Use one line, since GitHub masks every line of a secret separately: lines such as `clusters:` would be masked wherever they appear.
# The tokens expire after 30 days (DURATION; the API server may set less). Run it again before that.
set -euo pipefail

namespace=${1:?'usage: kubeconfig.sh NAMESPACE CONTEXT...'}
shift
made=$(mktemp)
trap 'rm -f "$made" "$made.ca"' EXIT

for context in "$@"; do
  token=$(kubectl --context "$context" --namespace "$namespace" create token "${ACCOUNT:-multicluster-canary}" --duration "${DURATION:-720h}")
  # Only this context, with the contents of the files that it refers to.
  view=(kubectl --context "$context" config view --minify --flatten --raw)
  field() { "${view[@]}" --output "jsonpath={.clusters[0].cluster.$1}"; }
  server=$(field server)
  server_name=$(field tls-server-name)
  proxy=$(field proxy-url)
  field certificate-authority-data | base64 --decode > "$made.ca"

  set_in() { kubectl --kubeconfig "$made" config "$@" > /dev/null; }
  set_in set-cluster "$context" --server "$server" --tls-server-name "$server_name" --proxy-url "$proxy" \
    --certificate-authority "$made.ca" --embed-certs
  set_in set-credentials "$context" --token "$token"
  set_in set-context "$context" --cluster "$context" --user "$context" --namespace "$namespace"
done
cat "$made"
