import { posix } from 'node:path';
import type { FolderSurvey } from '../../../operators/survey/survey-folder.js';
import { comment, line, section } from './yaml-text.js';

type Table = FolderSurvey['tables'][number];
type Bag = FolderSurvey['bags'][number];

/** The YAML lines that declare a table under `data.modalities`. */
export function tableLines(table: Table): readonly string[] {
  const { modality, file, sheet, id, patients, matched, columns, others, othersNote, scaler, topVariance } =
    table;
  return [
    section(4, modality, `${patients} patients, ${matched} of them in the outcome table`),
    line(6, 'kind', 'table'),
    line(6, 'file', file),
    ...(sheet === null ? [] : [line(6, 'sheet', sheet)]),
    ...(table.ownId ? [line(6, 'id', id, 'the id column of this table')] : []),
    ...(columns.length === 0
      ? []
      : [section(6, 'columns', 'numeric, binary, nominal, { ordinal: [low, high] } or ignore')]),
    ...columns.map(({ name, kind, note }) => line(8, name, kind, note)),
    line(6, 'others', others, othersNote),
    ...(scaler === null
      ? []
      : [line(6, 'scaler', scaler, 'mean 0 and standard deviation 1 over the training patients')]),
    ...(topVariance === null
      ? []
      : [
          line(
            6,
            'select',
            { topVariance },
            'the columns that vary most over the training patients of each fold',
          ),
        ]),
  ];
}

/** The YAML lines that declare a bag under `data.modalities`. */
export function bagLines(bag: Bag): readonly string[] {
  const { modality, kind, glob, files, arrays, width, fit, matched } = bag;
  const { rule, known, silent, examples } = fit;
  const shown = examples
    .map(([name, patient]) =>
      rule.by === 'whole' ? posix.basename(name) : `${posix.basename(name)} is ${patient}`,
    )
    .join(', ');
  const names = arrays > 0 ? `${arrays} names of arrays` : `${files} files`;
  return [
    section(4, modality, `${files} files, ${matched} patients of the outcome table`),
    line(6, 'kind', 'bag'),
    line(6, kind === 'features' ? 'files' : kind, glob),
    ...(width === null ? [] : [line(6, 'width', width, widthNote(bag))]),
    ...(rule.by === 'whole'
      ? []
      : [
          line(
            6,
            'patient',
            patientValue(bag),
            rule.by === 'table'
              ? 'the table that says which patient a file belongs to'
              : 'the part of the name that is the id',
          ),
        ]),
    comment(
      6,
      `${rule.by === 'whole' ? 'The whole name is the id. ' : ''}${known} of ${names} give a known patient: ${shown}`,
    ),
    ...(silent.length === 0
      ? []
      : [
          comment(
            6,
            `${silent.length} match no patient, such as ${silent
              .slice(0, 3)
              .map((name) => posix.basename(name))
              .join(', ')}: "up" refuses them until they are moved, or data.patients.allowUnmatched is true`,
          ),
        ]),
  ];
}

/**
 * The comment on `width`. A vector in the file may join the vectors of several tiles. The file does not show whether it
 * does.
 */
const widthNote = ({ arrays, shape }: Bag): string =>
  `numbers in one instance; the first file has ${shape ?? ''}${arrays > 0 && shape?.includes(',') === false ? '. If a vector is several tiles joined, give the length of one tile' : ''}`;

function patientValue({ fit: { rule }, ownId }: Bag): unknown {
  if (rule.by === 'pattern') return { pattern: rule.pattern };
  if (rule.by === 'table') return { table: rule.table, file: rule.file, ...(ownId ? { id: rule.id } : {}) };
  return null;
}
