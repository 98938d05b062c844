import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { advance, emptyState } from '../observe/run-state.js';
import { RunDirectory } from '../runs/run-directory.js';
import { printData, printJson, say } from './output.js';
import type { RunsOptions } from './options.js';
import { textTable } from './text-table.js';

/** `failures RUN`: the jobs of a run that failed or were skipped, and the files and patients that were left out. */
export function failures(run: string, options: RunsOptions): Promise<void> {
  const directory = RunDirectory.find(options.runs, run);
  // The last event of each job counts: a job that failed and was done later has not failed.
  const { ledger } = directory.events().reduce(advance, emptyState);
  const jobs = [...(ledger?.failures.values() ?? [])];
  const items = lostItems(directory);
  if (options.json) printJson({ run: directory.run, jobs, items });
  else if (jobs.length + items.length === 0) say(`Nothing failed in ${directory.run}.`);
  else {
    if (jobs.length > 0)
      printData(
        textTable(
          ['job', 'state', 'why'],
          jobs.map(({ job, state, code, what }) => [job, state, `${code ?? ''} ${what}`.trim()]),
        ),
      );
    sayFixes(jobs);
    if (items.length > 0)
      printData(
        textTable(
          ['file', 'patient', 'reason'],
          items.map(({ file, patient, reason }) => [file || '-', patient || '-', reason]),
        ),
      );
    sayFixes(items);
  }
  return Promise.resolve();
}

/** Many jobs may fail for one reason. Each fix is shown once. */
function sayFixes(failed: readonly { readonly fix: string | null }[]): void {
  for (const fix of new Set(failed.flatMap((one) => one.fix || []))) say(`fix: ${fix}`);
}

type Item = Readonly<Record<'severity' | 'file' | 'patient' | 'reason' | 'fix', string>>;

function lostItems(directory: RunDirectory): readonly Item[] {
  const path = join(directory.path, 'problems.csv');
  if (!existsSync(path)) return [];
  const rows = parse<Item>(readFileSync(path), { columns: true });
  return rows.filter(({ severity }) => severity === 'failure');
}
