import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WatchedRun } from './watched-run.js';

/** Writes files of a run directory. */
export function writeFiles(run: WatchedRun, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(run.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

const predictions = (...rows: readonly string[]): string =>
  ['patient,split,y,logit,p,observed', ...rows, ''].join('\n');

/**
 * Results of two methods in two folds. P1 is a test patient in both folds, P2 in the first, and "=P3" in the second. A
 * spreadsheet program would read the id "=P3" as a formula.
 */
export const results: Readonly<Record<string, string>> = {
  'summary.csv':
    'method,title,aucMean,aucStd,aucFolds,pooledAuc\nhaf,HAF,0.75,0.05,2,0.8\nblood,Blood,0.5,0.1,2,\nmil-WSI,WSI,0.9,0,2,0.1\n',
  'summary.json': '{}',
  'files.csv':
    'file,used_as,modality,patient,left_out_because\nslides/a.svs,slide,WSI,P1,\nREADME.txt,,,,no\n',
  'folds/0/haf/predictions.csv': predictions(
    'P1,test,1,0,0.5,true',
    'P2,test,0,0,0.25,true',
    'P9,val,0,0,0.9,true',
  ),
  'folds/1/haf/predictions.csv': predictions('P1,test,1,0,0.75,true', "'=P3,test,0,0,0.1,true"),
  'folds/0/blood/predictions.csv': predictions('P1,test,1,0,0.4,true', 'P2,test,0,0,0.3,false'),
};
