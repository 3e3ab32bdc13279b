import { expect, test } from '@jest/globals';
import ts from 'typescript';
import { INPUTS } from '../../src/github/inputs.ts';
import { sources, textOfSource } from '../support/sources.ts';

const NAMES = Object.keys(INPUTS.shape).join('|');
const BY_HAND = [
  new RegExp(`\\b[Ii]nputs? (?:${NAMES})(?![\\w-])`),
  new RegExp(`输入 (?:${NAMES})(?![\\w-])`),
  /\bre-run this step\b/i,
];

/** The texts of a source that name an input, or the step, as only GitHub does: a command line would say so too. */
function namedByHand(file: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isText =
      ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    if (isText && !isWorded(node) && BY_HAND.some((wrong) => wrong.test(node.text)))
      found.push(`${file}: ${node.text}`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, textOfSource(file), ts.ScriptTarget.Latest, true));
  return found;
}

/** Whether a text is the one for a step, beside one for a command. */
function isWorded(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isTemplateExpression(parent) || ts.isTemplateSpan(parent)) return isWorded(parent);
  return ts.isPropertyAssignment(parent) && ts.isIdentifier(parent.name) && parent.name.text === 'step';
}

test('messages name inputs and the way to run again by src/core/wording.ts', () => {
  expect(sources.flatMap(namedByHand)).toEqual([]);
});
