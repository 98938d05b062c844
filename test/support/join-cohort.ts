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
import type { Unit } from '../../src/pipeline/stage.js';
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
  readonly unit: Unit;
  readonly files: ArtifactFiles;
}

/** What an `embed` artifact tells besides the rows. */
export interface EmbeddedMore {
  readonly unit?: Partial<Unit>;
  readonly encoder?: string;
  /** Of every bag. */
  readonly image?: string;
  readonly mpp?: number;
}

/** The `embed` artifact of a file whose bags lie one after the other. */
export function embedded(
  modality: BagModality,
  file: string,
  bags: readonly (readonly [patient: string, source: string, rows: number])[],
  width = 4,
  { unit = {}, encoder, image = file, mpp }: EmbeddedMore = {},
): Embedded {
  let start = 0;
  const made: BagIndex['bags'] = [];
  for (const [patient, source, rows] of bags) {
    made.push({ patient, source, image, start, rows, coords: null, mpp: mpp ?? null });
    start += rows;
  }
  const index: BagIndex = {
    ...{ dialect: 'test', encoder: encoder ?? null, precision: 'float32', width },
    bags: made,
  };
  return {
    id: `artifact of ${file}`,
    unit: { modality, ...(unit.patient === undefined ? { file } : {}), ...unit },
    files: { [bagIndexFile]: index },
  };
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
