import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { runSummarySchema } from '../runs/materialise.js';
import type { RunDirectory } from '../runs/run-directory.js';
import { textTable } from './text-table.js';

type RunSummary = z.infer<typeof runSummarySchema>;

/** The summary of a run, or null before it has one. */
export function summaryOf(directory: RunDirectory): RunSummary | null {
  const path = join(directory.path, 'summary.json');
  return existsSync(path) ? runSummarySchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : null;
}

/** The result table for a terminal; summary.md has more columns and the notes. */
export function summaryText({ rows, cohort }: RunSummary): string {
  const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
  const spread = (mean: number | null, std: number | null): string => `${number(mean)} ± ${number(std)}`;
  const lines = rows.map(({ title, accuracy, auc, pooledAuc, paper }) => [
    title,
    spread(accuracy.mean, accuracy.std),
    spread(auc.mean, auc.std),
    `${number(pooledAuc.value)} [${(pooledAuc.ci95 ?? [null, null]).map(number).join(', ')}]`,
    paper.auc === null ? '-' : spread(...paper.auc),
  ]);
  return [
    textTable(['test patients', 'accuracy', 'AUC', 'pooled AUC [95 % CI]', 'AUC in the paper'], lines),
    '',
    `${cohort.patients} patients, ${cohort.deceased} deceased; accuracy of always answering the more frequent class: ${number(cohort.majority)}`,
  ].join('\n');
}
