import { bags } from '../../src/operators/cohort/bags.js';
import { cohort } from '../../src/operators/cohort/cohort.js';
import { flowFile, type Cohort, type FlowStep } from '../../src/operators/cohort/cohort-data.js';
import { outcomeFile, type Labelled, type Outcome } from '../../src/operators/cohort/outcome-data.js';
import { bagIndexFile, type BagIndex } from '../../src/operators/features/bag-index.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import { slotsOfKind } from '../../src/pipeline/config/slots.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { membersOf } from '../../src/pipeline/graph.js';
import type { Unit } from '../../src/pipeline/stage.js';
import { hancockWords, tableArtifact, type MadeArtifact } from './invented-cohort.js';
import { cohortIn } from './mini-cohort.js';
import { resolvedConfig, type Changes } from './resolved-config.js';
import { runStage } from './run-stage.js';

/** Outcomes by patient: "l" lives, "d" died of the tumour, "n" died of something else. */
export const outcomesOf = (outcomes: Readonly<Record<string, 'l' | 'd' | 'n'>>): Labelled[] =>
  Object.entries(outcomes).map(([id, outcome]) => ({
    id,
    y: outcome === 'l' ? 0 : 1,
    cause: { l: 'living', d: 'deceased tumor specific', n: 'deceased not tumor specific' }[outcome],
    followUpDays: 10,
  }));

/** The `outcome` artifact of these patients. */
export const outcomeArtifact = (patients: readonly Labelled[], words = hancockWords): MadeArtifact => ({
  id: 'outcome',
  unit: {},
  files: { [outcomeFile]: { words, patients: [...patients] } satisfies Outcome },
});

/** A table with one numeric column: the cell of each patient. */
export const tableOf = (cells: Readonly<Record<string, number | null>>, name = 'x'): TypedTable => ({
  columns: [{ name, kind: 'numeric', inferred: false }],
  patients: Object.keys(cells),
  cells: Float64Array.from(Object.values(cells), (cell) => cell ?? NaN),
});

/** Other content of an `embed` artifact besides its rows. */
export interface EmbeddedMore {
  readonly unit?: Partial<Unit>;
  readonly encoder?: string;
  /** The image name of every bag. */
  readonly image?: string;
  readonly mpp?: number;
}

/** The `embed` artifact of a file with these bags. The rows of the bags are stored one bag after another. */
export function embedded(
  modality: ModalityId,
  file: string,
  bags: readonly (readonly [patient: string | null, source: string, rows: number])[],
  width = 4,
  { unit = {}, encoder, image = file, mpp }: EmbeddedMore = {},
): MadeArtifact {
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
  /** The problems of the `bags` jobs, then those of the `cohort` job. */
  readonly problems: readonly Problem[];
}

/** The results of the stages that run before `bags` and `cohort`. */
export interface Found {
  readonly outcomes: readonly Labelled[];
  readonly tables?: Readonly<Record<ModalityId, TypedTable>>;
}

/** Runs `bags` for every bag modality, then `cohort`, on the inputs that the experiment's job graph gives them. */
export async function joinCohort(
  config: Changes,
  { outcomes, tables = {} }: Found,
  embed: readonly MadeArtifact[] = [],
): Promise<JoinedCohort> {
  const resolved = resolvedConfig(config);
  const outcome = [outcomeArtifact(outcomes)];
  const problems: Problem[] = [];
  const joined: MadeArtifact[] = [];
  for (const modality of slotsOfKind(resolved, 'bag')) {
    const own = embed.filter(({ unit }) => unit.modality === modality);
    const { output } = await runStage(bags, { config, unit: { modality }, inputs: { outcome, embed: own } });
    problems.push(...(output.problems ?? []));
    joined.push({ id: `bags ${modality}`, unit: { modality }, files: output.files });
  }
  const member = membersOf(resolved);
  const { output } = await runStage(cohort, {
    config,
    inputs: {
      outcome,
      tables: Object.entries(tables)
        .filter(([modality]) => member.includes(modality))
        .map(([modality, table]) => tableArtifact(modality, table)),
      bags: joined.filter(({ unit }) => member.includes(unit.modality ?? '')),
    },
  });
  return {
    data: cohortIn({ cohort: [{ id: 'cohort', files: output.files }], bags: joined }),
    flow: output.files[flowFile] as FlowStep[],
    problems: [...problems, ...(output.problems ?? [])],
  };
}

/** Patient and place of the problems of one severity. */
export const places = (problems: readonly Problem[], severity: Problem['severity']): (string | null)[][] =>
  problems.filter((problem) => problem.severity === severity).map(({ patient, place }) => [patient, place]);
