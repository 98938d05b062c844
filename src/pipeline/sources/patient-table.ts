import { basename, join } from 'node:path';
import type { PatientRule } from '../config/data-schema.js';
import type { Config } from '../config/schema.js';
import { nearest } from '../core/suggest.js';
import { HafError } from '../core/errors.js';
import { stemOf } from '../core/file-name.js';
import type { ModalityId } from '../core/modality.js';
import type { Problem } from '../core/problem.js';
import { idRuleOf } from '../core/naming.js';
import { examples } from './matching-files.js';

/** Whose each file is, and what of files and rows is left over. */
export interface FileOwners {
  readonly patientOf: (file: string) => string | null;
  readonly warnings: readonly Problem[];
}

type TableRule = Extract<PatientRule, { readonly table: string }>;

/**
 * Whose each file is by a table of files (`data.modalities.<name>.patient: { table, file }`). A cell names a file by its path
 * below the data folder, its name, or its name without ending.
 *
 * @throws HafError HAF_TABLE_INVALID for a table with faults or a file under two patients; HAF_JOIN_REFUSED for files that
 * stand in no row, and when less than half of the rows have a file
 */
export async function patientTable(
  config: Config,
  root: string,
  modality: ModalityId,
  rule: TableRule,
  names: readonly string[],
): Promise<FileOwners> {
  const { readFileTable } = await import('../../operators/tables/file-table.js');
  const rows = await readFileTable(join(root, rule.table), {
    name: rule.table,
    file: rule.file,
    id: rule.id === null ? [config.data.patients.id].flat() : [rule.id],
    missing: config.data.patients.missing,
    patientOf: idRuleOf(config.data.layout),
  });
  const byName = new Map<string, NamedRow>();
  for (const { file, patient, line } of rows) {
    const earlier = byName.get(file);
    if (earlier !== undefined && earlier.patient !== patient)
      throw new HafError(
        'HAF_TABLE_INVALID',
        `${rule.table}: file "${file}" is of patient ${earlier.patient} in line ${earlier.line} and of patient ${patient} in line ${line}.`,
        'A file belongs to one patient: correct one of the lines.',
        { context: { file: rule.table } },
      );
    if (earlier === undefined) byName.set(file, { patient, line });
  }
  const spellings = (file: string): readonly string[] =>
    [file, basename(file), stemOf(file)].map((text) => text.normalize('NFC'));
  const rowOf = new Map(names.map((file) => [file, onlyRow(rule.table, file, spellings(file), byName)]));

  const there = new Set(names.flatMap(spellings));
  const absent = [...byName].filter(([name]) => !there.has(name));
  const without = names.filter((file) => rowOf.get(file) === undefined);
  const { allowUnmatched } = config.data.patients;
  if (without.length > 0 && !allowUnmatched) {
    const [first = ''] = without;
    const close = nearest(
      stemOf(first),
      absent.map(([name]) => stemOf(name)),
    );
    throw new HafError(
      'HAF_JOIN_REFUSED',
      `${modality}: ${without.length} of ${names.length} files stand in no row of ${rule.table}, such as ${examples(without)}${close === null ? '' : `; the closest name without a file is "${close}"`}.`,
      `Add rows for them, narrow the glob of ${modality}, or set data.patients.allowUnmatched: true to leave such files out.`,
      { context: { modality, files: without.slice(0, 20) } },
    );
  }
  if (2 * absent.length > byName.size && !allowUnmatched)
    throw new HafError(
      'HAF_JOIN_REFUSED',
      `${modality}: ${absent.length} of ${byName.size} rows of ${rule.table} name a file that is not there, such as ${examples(absent.map(([name, { line }]) => `"${name}" in line ${line}`))}.`,
      `Check column "${rule.file}" and the glob of ${modality}, or set data.patients.allowUnmatched: true.`,
      { context: { modality, file: rule.table } },
    );
  return {
    patientOf: (file) => rowOf.get(file)?.patient ?? null,
    warnings: [...absentRows(modality, rule, absent), ...unknownFiles(modality, rule, without)],
  };
}

/** Rows whose file is not there: the slides are elsewhere, or the name is written in another way. */
const absentRows = (
  modality: ModalityId,
  { table, file }: TableRule,
  rows: readonly (readonly [string, NamedRow])[],
): readonly Problem[] =>
  rows.map(([name, { patient, line }]) => ({
    ...{ severity: 'warning', stage: 'embed', patient, file: table, place: `line ${line}, ${file}` },
    reason: `The file "${name}" of ${modality} is not there.`,
    fix: 'Add the file, or remove the row; compare the spelling if the file is there.',
  }));

/** Files that no row names; they are here because the experiment allows them. */
const unknownFiles = (
  modality: ModalityId,
  { table }: TableRule,
  files: readonly string[],
): readonly Problem[] =>
  files.map((file) => ({
    ...{ severity: 'warning', stage: 'embed', patient: null, file, place: modality },
    reason: `The file stands in no row of ${table}, so it belongs to nobody.`,
    fix: 'Add a row for it, or narrow the glob of the modality.',
  }));

interface NamedRow {
  readonly patient: string;
  readonly line: number;
}

/** The row of a file. @throws HafError HAF_TABLE_INVALID when two rows spell its name differently and name two patients */
function onlyRow(
  table: string,
  file: string,
  spellings: readonly string[],
  byName: ReadonlyMap<string, NamedRow>,
): NamedRow | undefined {
  const [first, ...others] = spellings.flatMap((name) => byName.get(name) ?? []);
  const other = others.find(({ patient }) => patient !== first?.patient);
  if (first === undefined || other === undefined) return first;
  const [one, two] = [first, other].sort((a, b) => a.line - b.line) as [NamedRow, NamedRow];
  throw new HafError(
    'HAF_TABLE_INVALID',
    `${table}: file ${file} is of patient ${one.patient} in line ${one.line} and of patient ${two.patient} in line ${two.line}.`,
    'A file belongs to one patient: correct one of the lines.',
    { context: { file: table } },
  );
}
