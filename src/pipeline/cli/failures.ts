import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { RunEvent } from '../run-event.js';
import { RunDirectory } from '../runs/run-directory.js';
import { printData, printJson, say } from './output.js';
import type { RunsOptions } from './options.js';
import { textTable } from './text-table.js';

/** How a job that did not succeed stands. */
interface FailedJob {
  readonly job: string;
  readonly state: 'failed' | 'skipped';
  readonly code: string | null;
  readonly what: string;
  readonly fix: string | null;
  /** What else is known of it, for example the batch that training diverged on. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** `failures RUN`: the jobs of a run that failed or were skipped, and the files and patients it had to leave out. */
export function failures(run: string, options: RunsOptions): Promise<void> {
  const directory = RunDirectory.find(options.runs, run);
  const jobs = failedJobs(directory.events());
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

/** Many fail for one reason: each remedy once. */
function sayFixes(failed: readonly { readonly fix: string | null }[]): void {
  for (const fix of new Set(failed.flatMap((one) => one.fix || []))) say(`fix: ${fix}`);
}

/** The last word on each job counts: one that failed and was run again has not failed. */
function failedJobs(events: readonly RunEvent[]): readonly FailedJob[] {
  const last = new Map<string, FailedJob | null>();
  for (const event of events)
    if (event.type === 'job-failed') {
      last.set(event.job, { job: event.job, state: 'failed', ...event.error });
    } else if (event.type === 'job-skipped')
      last.set(event.job, {
        ...{ job: event.job, state: 'skipped', code: null, fix: null, context: {} },
        what: `needs ${event.because}`,
      });
    else if (event.type === 'job-done' || event.type === 'job-cached') last.set(event.job, null);
  return [...last.values()].filter((job) => job !== null);
}

type Item = Readonly<Record<'severity' | 'file' | 'patient' | 'reason' | 'fix', string>>;

function lostItems(directory: RunDirectory): readonly Item[] {
  const path = join(directory.path, 'problems.csv');
  if (!existsSync(path)) return [];
  const rows = parse<Item>(readFileSync(path), { columns: true });
  return rows.filter(({ severity }) => severity === 'failure');
}
