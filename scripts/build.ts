// Makes `dist/`, which is committed: what GitHub runs.
import { join } from 'node:path';
import { bundleInto } from './bundle.ts';

await bundleInto(join(import.meta.dirname, '../dist'));
