import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { splitBundle } from '../../scripts/split-bundle.ts';

/** As ncc writes it, shortened: 1 and 3 are evaluated at once, 2 is when `report` is called. */
const BUNDLE = `import{createRequire as t}from"module";var n={
1:(t,n,s)=>{t.exports={net:s(3),report:()=>s(2).text}},
2:function(t,n,s){this.text="reported by "+typeof function(){return this}()},
3:n=>{n.exports=t(import.meta.url)("node:net")}};
var s={};function need(t){if(s[t])return s[t].exports;var i=s[t]={exports:{}};n[t].call(i.exports,i,i.exports,need);return i.exports}
export const{net,report}=need(1);`;
const MAIN = (begin: string): string => `import { net, report } from './action.js';
${begin}
await new Promise((done) => setImmediate(done));
process.stdout.write(report());`;
const CONNECT = "net.connect(1, '127.0.0.1').on('error', () => undefined);";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'split-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'action.js'), BUNDLE);
});
afterEach(() => rm(folder, { recursive: true }));

const contentOf = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');

describe('a split bundle', () => {
  test('moves what is not evaluated before the first connection', async () => {
    await writeFile(join(folder, 'main.js'), MAIN(CONNECT));
    await splitBundle(folder);
    expect(await contentOf('action.js')).not.toContain('reported by');
    expect(await contentOf('later.cjs')).toContain('reported by');
  });

  test('compiles the others while it is parsed', async () => {
    await writeFile(join(folder, 'main.js'), MAIN(CONNECT));
    await splitBundle(folder);
    expect(await contentOf('action.js')).toContain('1:((t,n,s)=>{');
  });

  test('evaluates what it has moved as before: in strict mode, as its own exports', async () => {
    await writeFile(join(folder, 'main.js'), MAIN(CONNECT));
    const run = async (): Promise<string> => (await execa('node', [join(folder, 'main.js')])).stdout;
    const before = await run();
    await splitBundle(folder);
    expect(before).toBe('reported by undefined');
    expect(await run()).toBe(before);
  });

  test('needs no file once it has read the rest, right after the first connection', async () => {
    const remove = `${CONNECT} setImmediate(() => fs.rmSync(new URL('later.cjs', import.meta.url)));`;
    await writeFile(join(folder, 'main.js'), `import fs from 'node:fs';\n${MAIN(remove)}`);
    await splitBundle(folder);
    expect((await execa('node', [join(folder, 'main.js')])).stdout).toBe('reported by undefined');
  });

  test('is refused where it never connects', async () => {
    await writeFile(join(folder, 'main.js'), MAIN("process.stdout.write('no kubeconfig ');"));
    await expect(splitBundle(folder)).rejects.toThrow('The bundle calls no API server:\nno kubeconfig');
  });
});
