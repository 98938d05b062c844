import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { flowStepSchema, type FlowStep } from '../../operators/cohort/cohort-data.js';
import { splitsSchema, type Fold } from '../../operators/splits/split-data.js';
import type { Config } from '../config/schema.js';
import { writtenText } from '../core/csv.js';
import { HafError } from '../core/errors.js';
import { runSummarySchema } from '../runs/materialise.js';
import type { RunDirectory, RunFile } from '../runs/run-directory.js';

export type RunSummary = z.infer<typeof runSummarySchema>;

/** Number of missing cells of one column, among the patients of the cohort that have a row. */
export interface ColumnGaps {
  readonly modality: string;
  readonly column: string;
  readonly known: number;
  readonly missing: number;
}

/** Facts from the files of a finished run, for the checklists. */
export interface RunRecord {
  readonly info: Pick<RunFile, 'run' | 'codeVersion' | 'createdAt' | 'node' | 'state'>;
  readonly config: Config;
  readonly summary: RunSummary;
  readonly flow: readonly FlowStep[];
  readonly folds: readonly Fold[];
  /** Number of patients of the cohort with each modality. */
  readonly holding: readonly { readonly modality: string; readonly patients: number }[];
  /** The columns that characteristics.csv describes: the first columns of each table. */
  readonly columns: readonly ColumnGaps[];
  /** Number of lines of problems.csv by severity. */
  readonly problems: Readonly<Record<string, number>>;
  /** Whether the run directory holds a file. */
  readonly has: (path: string) => boolean;
}

const rowSchema = z.object({
  modality: z.string(),
  column: z.string(),
  outcome: z.string(),
  patients: z.string(),
  missing: z.string(),
  count: z.string(),
});

/**
 * Reads the files of a run.
 *
 * @throws HafError HAF_RUN_UNKNOWN if the run has no result yet, or if another version wrote the result
 */
export function readRunRecord(directory: RunDirectory): RunRecord {
  const path = (name: string): string => join(directory.path, name);
  const text = (name: string): string => {
    if (existsSync(path(name))) return readFileSync(path(name), 'utf8');
    throw unfinished(directory.run, `has no ${name}`);
  };
  const json = <T>(name: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(JSON.parse(text(name)));
    if (parsed.success) return parsed.data;
    throw unfinished(directory.run, `has a ${name} of another version`);
  };
  const rows = z.array(rowSchema).parse(parse(text('characteristics.csv'), { columns: true }));
  const all = rows.filter(({ outcome }) => outcome === 'all');
  const severities = parse<{ severity: string }>(text('problems.csv'), { columns: true }).map(
    ({ severity }) => severity,
  );
  return {
    info: directory.info(),
    config: directory.experiment(),
    summary: json('summary.json', runSummarySchema),
    flow: json('cohort-flow.json', z.array(flowStepSchema)),
    folds: json('splits.json', splitsSchema).folds,
    holding: all
      .filter(({ column }) => column === '')
      .map(({ modality, count }) => ({ modality: writtenText(modality), patients: Number(count) })),
    columns: columnsOf(all),
    problems: Object.fromEntries(
      ['failure', 'warning', 'info'].map((one) => [one, severities.filter((own) => own === one).length]),
    ),
    has: (name) => existsSync(path(name)),
  };
}

/** The columns in these rows of characteristics.csv, each once. A column of categories has one row per category. */
function columnsOf(rows: readonly z.infer<typeof rowSchema>[]): readonly ColumnGaps[] {
  const columns = new Map<string, ColumnGaps>();
  for (const { modality, column, patients, missing } of rows)
    if (column !== '')
      columns.set(JSON.stringify([modality, column]), {
        ...{ modality: writtenText(modality), column: writtenText(column) },
        ...{ known: Number(patients), missing: Number(missing) },
      });
  return [...columns.values()];
}

const unfinished = (run: string, what: string): HafError =>
  new HafError(
    'HAF_RUN_UNKNOWN',
    `Run ${run} ${what}.`,
    'Finish the run with "haf-pipeline up" of this version: computed results are taken from the store.',
  );
