import { cohort } from '../../src/operators/cohort/cohort.js';
import {
  cohortFile,
  cohortSchema,
  flowFile,
  type Cohort,
  type FlowStep,
} from '../../src/operators/cohort/cohort-data.js';
import { tablesFile, type Table, type Tables, type Target } from '../../src/operators/cohort/table-data.js';
import { bagIndexFile, type BagIndex } from '../../src/operators/features/bag-index.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import type { BagModality } from '../../src/pipeline/core/modality.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { runStage, type ArtifactFiles } from './run-stage.js';

/** Outcomes by patient: "l" lives, "d" died of the tumour, "n" died of something else. */
export const targetsOf = (outcomes: Readonly<Record<string, 'l' | 'd' | 'n'>>): Target[] =>
  Object.entries(outcomes).map(([patient, outcome]) => ({
    patient,
    deceased: outcome !== 'l',
    cause: { l: 'living', d: 'deceased tumor specific', n: 'deceased not tumor specific' }[outcome],
    followUpDays: 10,
  }));

/** A table with one numeric column: the cell of each patient. */
export const tableOf = (cells: Readonly<Record<string, number | null>>, name = 'x'): Table => ({
  columns: [{ name, kind: 'numeric' }],
  rows: Object.entries(cells).map(([patient, cell]) => ({ patient, cells: [cell] })),
});

export interface Embedded {
  readonly id: string;
  readonly unit: { readonly modality: BagModality; readonly file: string };
  readonly files: ArtifactFiles;
}

/** The `embed` artifact of a file whose bags lie one after the other. */
export function embedded(
  modality: BagModality,
  file: string,
  bags: readonly (readonly [patient: string, source: string, rows: number])[],
  width = 4,
): Embedded {
  let start = 0;
  const index: BagIndex = { dialect: 'test', encoder: null, precision: 'float32', width, bags: [] };
  for (const [patient, source, rows] of bags) {
    index.bags.push({ patient, source, image: file, start, rows, coords: null, mpp: null });
    start += rows;
  }
  return { id: `artifact of ${file}`, unit: { modality, file }, files: { [bagIndexFile]: index } };
}

export interface JoinedCohort {
  readonly data: Cohort;
  readonly flow: readonly FlowStep[];
  readonly problems: readonly Problem[];
}

/** Runs the `cohort` stage on these tables and bags. */
export async function joinCohort(
  config: Partial<ConfigInput>,
  tables: Tables,
  embed: readonly Embedded[] = [],
): Promise<JoinedCohort> {
  const { output } = await runStage(cohort, {
    config,
    inputs: { tables: [{ id: 'tables', files: { [tablesFile]: tables } }], embed },
  });
  return {
    data: cohortSchema.parse(output.files[cohortFile]),
    flow: output.files[flowFile] as FlowStep[],
    problems: output.problems ?? [],
  };
}

/** Patient and place of the problems of one severity. */
export const places = (problems: readonly Problem[], severity: Problem['severity']): (string | null)[][] =>
  problems.filter((problem) => problem.severity === severity).map(({ patient, place }) => [patient, place]);
