import { HafError } from '../../pipeline/core/errors.js';
import { isTableModality, type Modality, type TableModality } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { Patient } from './cohort-data.js';
import { siteColumn } from './column-kinds.js';
import type { Candidate } from './inclusion.js';
import type { PatientBags } from './patient-bags.js';
import type { Table, Tables } from './table-data.js';

/** Rows of a table by patient. */
type Rows = ReadonlyMap<string, Table['rows'][number]['cells']>;

/**
 * Brings outcome, table rows and bags of each patient together. The outcome table says who there is; the
 * patients come back sorted by id. Material of somebody without an outcome, and an outcome without any table row,
 * are reported: both usually mean that ids are written differently in two files.
 */
export function joinPatients(
  { targets, tables }: Tables,
  { bags }: Pick<PatientBags, 'bags'>,
  modalities: readonly Modality[],
): { candidates: readonly Candidate[]; problems: readonly Problem[] } {
  const tableModalities = modalities.filter(isTableModality);
  const rows = new Map(tableModalities.map((modality) => [modality, rowsOf(tables[modality])]));
  const siteAt = tables.Path?.columns.findIndex(({ name }) => name === siteColumn) ?? -1;
  const sites = rowsOf(tables.Path);
  const candidates = targets
    .map(({ patient: id, deceased, cause, followUpDays }): Candidate => {
      const observed: Patient['tables'] = {};
      for (const [modality, ofModality] of rows) {
        const cells = ofModality.get(id);
        if (cells !== undefined) observed[modality] = cells;
      }
      const patient = {
        id,
        y: deceased ? 1 : 0,
        followUpDays,
        tables: observed,
        bags: bags.get(id) ?? {},
      } as const;
      return { patient, cause, site: sites.get(id)?.[siteAt] ?? null };
    })
    .sort((a, b) => (a.patient.id < b.patient.id ? -1 : 1));
  const problems = [...withoutOutcome(candidates, rows, bags), ...withoutRow(candidates, tableModalities)];
  return { candidates, problems };
}

/** @throws HafError HAF_COHORT_INVALID when the pathological table does not say the tumour site */
export function requireSites({ tables }: Tables): void {
  if (tables.Path?.columns.some(({ name }) => name === siteColumn)) return;
  throw new HafError(
    'HAF_COHORT_INVALID',
    `cohort.includeSites selects by tumour site, but the pathological table has no column "${siteColumn}".`,
    'Add the column, or set cohort.includeSites: all.',
  );
}

const rowsOf = (table: Table | undefined): Rows =>
  new Map((table?.rows ?? []).map(({ patient, cells }) => [patient, cells]));

function withoutOutcome(
  candidates: readonly Candidate[],
  rows: ReadonlyMap<TableModality, Rows>,
  bags: PatientBags['bags'],
): Problem[] {
  const labelled = new Set(candidates.map(({ patient }) => patient.id));
  const holders: readonly (readonly [Modality, string])[] = [
    ...[...bags].flatMap(([id, ofPatient]) =>
      (Object.keys(ofPatient) as Modality[]).map((m) => [m, id] as const),
    ),
    ...[...rows].flatMap(([modality, ofModality]) =>
      [...ofModality.keys()].map((id) => [modality, id] as const),
    ),
  ];
  const strangers = new Map<string, Modality[]>();
  for (const [modality, id] of holders)
    if (!labelled.has(id)) strangers.set(id, [...(strangers.get(id) ?? []), modality]);
  return [...strangers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([patient, found]) => ({
      severity: 'warning',
      stage: 'cohort',
      patient,
      file: null,
      place: found.join(', '),
      reason: `The patient has ${found.join(', ')} but no row in the outcome table, and is left out.`,
      fix: 'Add the outcome, or check how the id is written.',
    }));
}

function withoutRow(candidates: readonly Candidate[], tableModalities: readonly TableModality[]): Problem[] {
  if (tableModalities.length === 0) return [];
  return candidates
    .filter(({ patient }) => Object.keys(patient.tables).length === 0)
    .map(({ patient }) => ({
      severity: 'warning',
      stage: 'cohort',
      patient: patient.id,
      file: null,
      place: tableModalities.join(', '),
      reason: 'The patient has an outcome but no row in any of the clinical tables.',
      fix: 'Check how the id is written in the tables.',
    }));
}
