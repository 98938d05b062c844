import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { hancockSite } from '../../pipeline/config/cohorts/hancock.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { Inputs, SourceFile, StageCode } from '../../pipeline/stage.js';
import { stageOf, withProblems } from '../stage-of.js';
import { readTypedTable } from '../tables/typed-table-data.js';
import {
  cohortFile,
  flowFile,
  modalityOf,
  readPatientBags,
  type CohortFile,
  type FlowStep,
  type OutcomeWords,
} from './cohort-data.js';
import { include, type Candidate } from './inclusion.js';
import { outcomeFile, outcomeSchema } from './outcome-data.js';

/** For each modality: the patients who have it, and whether the modality is a table. */
type Holders = ReadonlyMap<ModalityId, { readonly ids: ReadonlySet<string>; readonly table: boolean }>;

/**
 * Decides who belongs to the cohort (method.md 1.3) and counts the remaining patients after each rule. Reads
 * `outcome`, and `tables` and `bags` of the modalities that decide: those of `cohort.require`, or all if it names
 * none and there is no list of members (source role `members`). Writes `cohort.json` and `cohort-flow.json`.
 *
 * @throws HafError HAF_MODALITY_EMPTY if no patient has one of these modalities, HAF_COHORT_INVALID if the rules
 * leave no patient or only one outcome
 */
export const cohort: StageCode = stageOf(async ({ inputs, config, sources }) => {
  const { words, patients } = inputs.one('outcome').json(outcomeFile, outcomeSchema);
  const holders = holdersOf(inputs);
  const members = await membersOf(sources);
  const siteOf = config.cohort.includeSites === 'all' ? () => null : sitesOf(inputs);
  const candidates = patients
    .map(({ id, y, cause, followUpDays }): Candidate => ({
      patient: { id, y, followUpDays },
      cause,
      site: siteOf(id),
      modalities: [...holders].flatMap(([modality, { ids }]) => (ids.has(id) ? [modality] : [])),
      hasAny: members?.has(id) ?? null,
    }))
    .sort((a, b) => (a.patient.id < b.patient.id ? -1 : 1));
  requireModalities(candidates, 'patient with a known outcome', holders);

  const inTime = config.data.outcome.kind === 'timeToEvent';
  const { kept, flow, problems } = include(candidates, config.cohort, inTime);
  const told = [...withoutRow(candidates, holders), ...problems];
  withProblems(told, () => {
    requireBothOutcomes(flow, words);
    requireModalities(kept, 'patient of the cohort', holders);
  });
  const output: CohortFile = { outcome: words, patients: kept.map(({ patient }) => patient) };
  return {
    type: 'output',
    files: { [cohortFile]: output, [flowFile]: flow },
    problems: told,
    metrics: { patients: kept.length, positive: kept.filter(({ patient }) => patient.y === 1).length },
  };
});

/**
 * The ids in the list of patients with any modality (role `members`), which is made before the run. Null without a
 * list: then the inputs of the job show which patients have a modality.
 */
async function membersOf(sources: readonly SourceFile[]): Promise<ReadonlySet<string> | null> {
  const file = sources.find(({ role }) => role === 'members');
  return file === undefined
    ? null
    : new Set(z.array(z.string()).parse(JSON.parse(await readFile(file.path, 'utf8'))));
}

const holdersOf = (inputs: Inputs): Holders =>
  new Map<ModalityId, { readonly ids: ReadonlySet<string>; readonly table: boolean }>([
    ...inputs
      .all('bags')
      .map(
        (artifact) =>
          [
            modalityOf(artifact),
            { ids: new Set(Object.keys(readPatientBags(artifact).patients)), table: false },
          ] as const,
      ),
    ...inputs
      .all('tables')
      .map(
        (artifact) =>
          [modalityOf(artifact), { ids: new Set(readTypedTable(artifact).patients), table: true }] as const,
      ),
  ]);

/**
 * HANCOCK: returns a function that gives the code of a patient's tumour site, or null if it is unknown.
 * @throws HafError HAF_COHORT_INVALID if the pathological table lacks the column of the tumour site
 */
function sitesOf(inputs: Inputs): (id: string) => number | null {
  const artifact = inputs.all('tables').find((one) => modalityOf(one) === hancockSite.modality);
  const table = artifact && readTypedTable(artifact);
  const at = table?.columns.findIndex(({ name }) => name === hancockSite.column) ?? -1;
  if (table === undefined || at < 0)
    throw new HafError(
      'HAF_COHORT_INVALID',
      `cohort.includeSites selects by tumour site, but the pathological table has no column "${hancockSite.column}".`,
      'Add the column, or set cohort.includeSites: all.',
    );
  const { categories } = table.columns[at] ?? {};
  const sites = new Map(
    table.patients.map((patient, row) => {
      const cell = table.cells[row * table.columns.length + at] ?? NaN;
      // The cell holds the index of a category. The category is the code in the file.
      return [patient, Number.isNaN(cell) ? null : Number(categories?.[cell] ?? cell)] as const;
    }),
  );
  return (id) => sites.get(id) ?? null;
}

function requireModalities(patients: readonly Candidate[], who: string, holders: Holders): void {
  for (const [modality, { table }] of holders) {
    if (patients.some(({ modalities }) => modalities.includes(modality))) continue;
    const key = `data.modalities.${modality}`;
    throw new HafError(
      'HAF_MODALITY_EMPTY',
      `No ${who} has ${modality}.`,
      `Check ${key}, that its ${table ? 'file has rows' : 'files hold instances (problems.csv and tiles.csv of the run directory say what was found)'}, and that the ids are those of the outcome table; or leave ${modality} out of modalities.`,
      { context: { modality, key } },
    );
  }
}

function requireBothOutcomes(flow: readonly FlowStep[], { positive: event, negative }: OutcomeWords): void {
  const last = flow.at(-1);
  if (last !== undefined && last.positive > 0 && last.positive < last.patients) return;
  const funnel = flow.map(({ step, patients, positive }) => `${step} ${patients} (${positive} ${event})`);
  throw new HafError(
    'HAF_COHORT_INVALID',
    `The cohort needs patients of both outcomes, ${event} and ${negative}: ${funnel.join(' -> ')}.`,
    'Check data.outcome.event, loosen the rules under cohort in the experiment file, or add patients.',
  );
}

/** Patients with an outcome and no row in any table. Usually the tables write their ids differently. */
function withoutRow(candidates: readonly Candidate[], holders: Holders): readonly Problem[] {
  const tables = [...holders].flatMap(([modality, { table }]) => (table ? [modality] : []));
  if (tables.length === 0) return [];
  return candidates
    .filter(({ modalities }) => !modalities.some((modality) => tables.includes(modality)))
    .map(({ patient }) => ({
      ...{ severity: 'warning', stage: 'cohort', patient: patient.id, file: null, place: tables.join(', ') },
      reason: 'The patient has an outcome but no row in any of the tables.',
      fix: 'Check how the id is written in the tables.',
    }));
}
