import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reportOf } from './json.ts';
import { pageOf } from './page/page.ts';
import type { RunRecord } from './run-record.ts';

/** Writes `report.json` and `report.html` into a folder, and creates the folder if necessary. */
export async function writeReport(folder: string, record: RunRecord): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'report.json'), `${JSON.stringify(reportOf(record), undefined, 2)}\n`),
    writeFile(join(folder, 'report.html'), pageOf(record)),
  ]);
}
