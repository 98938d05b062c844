import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { PatientRule } from '../config/data-schema.js';
import type { Config } from '../config/schema.js';
import { nearest } from '../core/suggest.js';
import { HafError } from '../core/errors.js';
import { stemOf } from '../core/file-name.js';
import { grouped } from '../core/grouped.js';
import type { ModalityId } from '../core/modality.js';
import type { Problem } from '../core/problem.js';
import { idColumnOf, idRuleOf } from '../core/naming.js';
import { fileEndings } from '../core/file-endings.js';
import { exampleNames } from './matching-files.js';

/** The patient of each file, and the files and rows that are not used. */
export interface FileOwners {
  readonly patientOf: (file: string) => string | null;
  readonly warnings: readonly Problem[];
}

type TableRule = Extract<PatientRule, { readonly table: string }>;

/**
 * The patient of each file, by a table of files (`data.modalities.<name>.patient: { table, file }`). A cell names a
 * file by its path relative to the data folder, its name, its name without ending, or its name with the ending of a
 * slide or a feature file.
 *
 * @throws HafError HAF_TABLE_INVALID for a faulty table or a file under two patients; HAF_JOIN_REFUSED for files
 * without a row, and if less than half of the rows have a file
 */
export async function patientOfFileTable(
  config: Config,
  root: string,
  modality: ModalityId,
  rule: TableRule,
  names: readonly string[],
): Promise<FileOwners> {
  if (!existsSync(join(root, rule.table)))
    throw new HafError(
      'HAF_DATA_MISSING',
      `${modality}: there is no file ${rule.table} in ${root}.`,
      `Put it there, or correct data.modalities.${modality}.patient.table.`,
      { context: { modality, file: rule.table } },
    );
  const { readFileTable } = await import('../../operators/tables/file-table.js');
  const { rows, warnings: unnamed } = await readFileTable(join(root, rule.table), {
    name: rule.table,
    file: rule.file,
    fileKey: `data.modalities.${modality}.patient.file`,
    ...idColumnOf(config.data.patients, { id: rule.id, key: `data.modalities.${modality}.patient.id` }),
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
  // Rows are also found by names without endings, because tables of slides name `x.svs` although the features are in
  // `x.h5`.
  const byStem = grouped([...byName.keys()].map((name) => [plainStem(name), name]));
  // A row that is the path of one file does not match a file of the same name in another folder.
  const byPath = grouped(names.flatMap((file) => pathsOf(file).map((path) => [path, file] as const)));
  const mayName = (row: string, file: string): boolean => byPath.get(row)?.includes(file) ?? true;
  const spellings = (file: string): readonly string[] => {
    const own = [file, basename(file), stemOf(file)].map((text) => text.normalize('NFC'));
    return [...new Set([...own, ...(byStem.get(plainStem(file)) ?? [])])].filter((row) => mayName(row, file));
  };
  const spelled = new Map(names.map((file) => [file, spellings(file)]));
  const rowOf = new Map([...spelled].map(([file, rows]) => [file, onlyRow(rule.table, file, rows, byName)]));
  refuseSharedRows(rule.table, rowOf);

  const there = new Set([...spelled.values()].flat());
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
      `${modality}: ${without.length} of ${names.length} files are in no row of ${rule.table}, such as ${exampleNames(without)}${close === null ? '' : `; the closest name without a file is "${close}"`}.`,
      `Add rows for them, narrow the glob of ${modality}, or set data.patients.allowUnmatched: true to leave such files out.`,
      { context: { modality, files: without.slice(0, 20) } },
    );
  }
  if (2 * absent.length > byName.size && !allowUnmatched)
    throw new HafError(
      'HAF_JOIN_REFUSED',
      `${modality}: ${absent.length} of ${byName.size} rows of ${rule.table} name a file that does not exist, such as ${exampleNames(absent.map(([name, { line }]) => `"${name}" in line ${line}`))}.`,
      `Check column "${rule.file}" and the glob of ${modality}, or set data.patients.allowUnmatched: true.`,
      { context: { modality, file: rule.table } },
    );
  return {
    patientOf: (file) => rowOf.get(file)?.patient ?? null,
    warnings: [...unnamed, ...absentRows(modality, rule, absent), ...unknownFiles(modality, rule, without)],
  };
}

/** Rows whose file does not exist: the slides are elsewhere, or the name is written differently. */
const absentRows = (
  modality: ModalityId,
  { table, file }: TableRule,
  rows: readonly (readonly [string, NamedRow])[],
): readonly Problem[] =>
  rows.map(([name, { patient, line }]) => ({
    ...{ severity: 'warning', stage: 'embed', patient, file: table, place: `line ${line}, ${file}` },
    reason: `The file "${name}" of ${modality} does not exist.`,
    fix: 'Add the file, or remove the row. If the file exists, compare the spelling.',
  }));

/** Files that no row names. The experiment allows such files, so they are only reported. */
const unknownFiles = (
  modality: ModalityId,
  { table }: TableRule,
  files: readonly string[],
): readonly Problem[] =>
  files.map((file) => ({
    ...{ severity: 'warning', stage: 'embed', patient: null, file, place: modality },
    reason: `The file is in no row of ${table}, so it belongs to no patient.`,
    fix: 'Add a row for it, or narrow the glob of the modality.',
  }));

/** A name without folder and without the ending of a slide or feature file. */
function plainStem(name: string): string {
  const base = basename(name.normalize('NFC'));
  return fileEndings.some((ending) => base.toLowerCase().endsWith(ending)) ? stemOf(base) : base;
}

/** The path itself, and the path without its ending. */
const pathsOf = (file: string): readonly string[] =>
  [file, file.slice(0, file.length - extname(file).length)].map((text) => text.normalize('NFC'));

/**
 * @throws HafError HAF_TABLE_INVALID if one row fits files of two folders, because they may belong to two patients
 */
function refuseSharedRows(table: string, rowOf: ReadonlyMap<string, NamedRow | undefined>): void {
  const first = new Map<NamedRow, string>();
  for (const [file, row] of rowOf) {
    if (row === undefined) continue;
    const earlier = first.get(row) ?? file;
    first.set(row, earlier);
    if (dirname(earlier) !== dirname(file))
      throw new HafError(
        'HAF_TABLE_INVALID',
        `${table}: line ${row.line} (patient ${row.patient}) fits two files, ${earlier} and ${file}.`,
        'Write the path of each file below the data folder into the table, or narrow the glob.',
        { context: { file: table } },
      );
  }
}

interface NamedRow {
  readonly patient: string;
  readonly line: number;
}

/**
 * The row of a file.
 * @throws HafError HAF_TABLE_INVALID if two rows name it in different spellings and with two patients
 */
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
