/** The notes of a release: the line that pins it, and how to verify it. */
export function releaseNotes(repository: string, tag: string, commit: string): string {
  return [
    'Pin this version by its commit, which nobody can move:',
    '',
    '```yaml',
    `- uses: ${repository}@${commit} # ${tag}`,
    '```',
    '',
    'Verify it in a clone of this repository:',
    '',
    '```sh',
    `gh release verify ${tag} --repo ${repository}`,
    `git merge-base --is-ancestor ${commit} origin/main`,
    `git checkout --detach ${commit}`,
    'for file in action.yml dist/*; do',
    `  gh attestation verify "$file" --repo ${repository} --signer-workflow ${repository}/.github/workflows/release.yml \\`,
    `    --source-ref refs/tags/${tag} --source-digest ${commit}`,
    'done',
    '```',
    '',
    '`sbom.cdx.json` lists the packages that `dist/` is built from.',
  ].join('\n');
}
