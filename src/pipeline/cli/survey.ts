import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { glob } from 'tinyglobby';
import type { Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import {
  bagModalities,
  type BagModality,
  type Modality,
  tableModalities,
  type TableModality,
} from '../core/modality.js';
import { slideGlob, surveySlides, type SlideSurvey } from './survey-slides.js';

export interface OutcomeSurvey {
  readonly file: string;
  readonly living: number;
  readonly deceased: number;
}

export interface TableSurvey {
  readonly modality: TableModality;
  readonly file: string;
  readonly rows: number;
  readonly columns: number;
  readonly missingCells: number;
}

/** The feature files of one bag modality, as far as names tell. */
export interface FeatureSurvey {
  readonly modality: BagModality;
  readonly glob: string;
  readonly files: number;
  readonly bytes: number;
  /** Patients named by the files, or by their arrays (npz and safetensors of several). */
  readonly patients: number;
}

/** Something that is not there or cannot be read, and what to do about it. */
export interface SurveyFinding {
  readonly modality: Modality | 'outcomes';
  readonly what: string;
  readonly fix: string;
}

/** What lies in a cohort folder; only names, tables and the directories of feature files are read. */
export interface Survey {
  readonly root: string;
  readonly outcomes: OutcomeSurvey | null;
  readonly tables: readonly TableSurvey[];
  readonly features: readonly FeatureSurvey[];
  /** Whole-slide images: those of data.wsi.slides, or any below the folder. */
  readonly slides: readonly SlideSurvey[];
  /** Number of labelled patients that have so many modalities of the experiment; index 0 has none. */
  readonly patientsByModalities: readonly number[];
  readonly findings: readonly SurveyFinding[];
}

/** What feature files are usually called; more in docs/features.md. */
const featureEndings = ['h5', 'hdf5', 'pt', 'npy', 'npz', 'safetensors'] as const;

interface Part<Row> {
  readonly row: Row | null;
  readonly patients: ReadonlySet<string>;
  readonly findings: readonly SurveyFinding[];
}

/** A few faults of a table show what is wrong with it; `up` lists them all. */
const faultsShown = 3;

interface Readable {
  readonly faults: readonly { readonly line: number | null; readonly problem: string }[];
}

function faultFindings(
  modality: SurveyFinding['modality'],
  file: string,
  { faults }: Readable,
): readonly SurveyFinding[] {
  if (faults.length === 0) return [];
  const shown = faults.slice(0, faultsShown).map(({ line, problem }) => `line ${line ?? '?'}: ${problem}`);
  const rest = faults.length > faultsShown ? `; and ${faults.length - faultsShown} more` : '';
  return [
    {
      modality,
      what: `${file}: ${shown.join('; ')}${rest}.`,
      fix: 'Correct the file; a missing value is an empty cell.',
    },
  ];
}

async function surveyOutcomes(config: Config, root: string): Promise<Part<OutcomeSurvey>> {
  const names = [...new Set([config.data.targets, 'targets.csv', 'target.csv'])];
  const file = names.find((name) => existsSync(join(root, name)));
  if (file === undefined) {
    const what = `No outcome table: none of ${names.join(', ')}.`;
    const fix = 'Put the table there, or name it in data.targets.';
    return { row: null, patients: new Set(), findings: [{ modality: 'outcomes', what, fix }] };
  }
  const { readTargetsTable } = await import('../../operators/cohort/targets-table.js');
  const table = readTargetsTable(file, readFileSync(join(root, file), 'utf8'));
  const deceased = table.targets.filter((target) => target.deceased).length;
  return {
    row: { file, living: table.targets.length - deceased, deceased },
    patients: new Set(table.targets.map(({ patient }) => patient)),
    findings: faultFindings('outcomes', file, table),
  };
}

async function surveyTable(
  config: Config,
  root: string,
  modality: TableModality,
): Promise<Part<TableSurvey>> {
  const file = config.data.tables[modality];
  if (!existsSync(join(root, file))) {
    const fix = `Put the table there, name it in data.tables.${modality}, or take ${modality} out of modalities.`;
    return { row: null, patients: new Set(), findings: [{ modality, what: `No table ${file}.`, fix }] };
  }
  const { readFeatureTable } = await import('../../operators/cohort/feature-table.js');
  const read = readFeatureTable(modality, file, readFileSync(join(root, file), 'utf8'));
  const { columns, rows } = read.table;
  const cells = rows.flatMap((row) => row.cells);
  return {
    row: {
      modality,
      file,
      rows: rows.length,
      columns: columns.length,
      missingCells: cells.filter((cell) => cell === null).length,
    },
    patients: new Set(rows.map(({ patient }) => patient)),
    findings: faultFindings(modality, file, read),
  };
}

/** The glob of the images that bags are made of; null when they come as features. */
const imagesOf = ({ data }: Config, modality: BagModality): string | null =>
  modality === 'WSI' ? data.wsi.slides : data.tma.images;

/** The patients a feature file has rows of: its arrays' when it holds several, the one in its name for any other. */
async function patientsOf(
  config: Config,
  root: string,
  name: string,
  modality: BagModality,
): Promise<readonly string[]> {
  const { patientOf, sourceOf, stemOf } = await import('../core/file-name.js');
  // A patient has WSI only with a primary slide (method.md 2.5).
  if (modality === 'WSI' && sourceOf(stemOf(name), modality) !== 'primary') return [];
  if (imagesOf(config, modality) !== null) return [patientOf(stemOf(name))].filter((id) => id !== null);
  const { patientsOfFile } = await import('../../operators/features/reader-of.js');
  return patientsOfFile(join(root, name), name);
}

async function surveyFeatures(
  config: Config,
  root: string,
  modality: BagModality,
): Promise<Part<FeatureSurvey>> {
  const key = modality === 'WSI' ? 'wsi' : 'tma';
  const images = imagesOf(config, modality);
  const pattern = images ?? config.data[key].files;
  const names = (await glob(pattern, { cwd: root, onlyFiles: true })).sort();
  const patients = new Set<string>();
  const findings: SurveyFinding[] = [];
  for (const name of names) {
    try {
      for (const patient of await patientsOf(config, root, name, modality)) patients.add(patient);
    } catch (thrown) {
      const { what, fix } = HafError.from(thrown);
      findings.push({ modality, what: `${name}: ${what}`, fix });
    }
  }
  const bytes = names.reduce((sum, name) => sum + statSync(join(root, name)).size, 0);
  const row = { modality, glob: pattern, files: names.length, bytes, patients: patients.size };
  if (names.length === 0)
    findings.push(
      images === null ? await noFeatures(root, modality, key, pattern) : noImages(modality, pattern),
    );
  return { row, patients, findings };
}

const noImages = (modality: BagModality, pattern: string): SurveyFinding => ({
  modality,
  what: `No file matches ${pattern}.`,
  fix: `Set data.${modality === 'WSI' ? 'wsi.slides' : 'tma.images'} to where the images lie, or to null to take feature files.`,
});

async function noFeatures(
  root: string,
  modality: BagModality,
  key: string,
  pattern: string,
): Promise<SurveyFinding> {
  const others = (await glob(`**/*.{${featureEndings.join(',')}}`, { cwd: root, onlyFiles: true })).sort();
  const hint =
    others.length === 0 ? '' : ` Other feature files here: ${others.length}, such as ${others[0]}.`;
  const slides = modality === 'WSI' ? await glob(slideGlob, { cwd: root, onlyFiles: true }) : [];
  const toSlides =
    slides.length === 0 ? '' : `data.wsi.slides to a glob of the slides here (${slides.length}), `;
  const fix = `Set ${toSlides}data.${key}.files to where the features lie, or take ${modality} out of modalities.`;
  return { modality, what: `No file matches ${pattern}.${hint}`, fix };
}

function countByModalities(
  labelled: ReadonlySet<string>,
  seen: readonly Pick<Part<unknown>, 'patients'>[],
): readonly number[] {
  const counts = Array.from({ length: seen.length + 1 }, () => 0);
  for (const patient of labelled) {
    const has = seen.filter(({ patients }) => patients.has(patient)).length;
    counts[has] = (counts[has] ?? 0) + 1;
  }
  return counts;
}

/**
 * Looks at a cohort folder with the eyes of an experiment.
 *
 * @param root folder of the cohort
 * @throws HafError HAF_DATA_MISSING when the folder is not there
 */
export async function surveyCohort(config: Config, root: string): Promise<Survey> {
  if (!existsSync(root) || !statSync(root).isDirectory())
    throw new HafError('HAF_DATA_MISSING', `There is no folder ${root}.`, 'Check the path of the cohort.');
  const outcomes = await surveyOutcomes(config, root);
  const wanted = <M extends Modality>(all: readonly M[]): readonly M[] =>
    all.filter((modality) => config.modalities.includes(modality));
  const tables = await Promise.all(
    wanted(tableModalities).map(async (modality) => ({
      modality,
      ...(await surveyTable(config, root, modality)),
    })),
  );
  const features = await Promise.all(
    wanted(bagModalities).map(async (modality) => ({
      modality,
      ...(await surveyFeatures(config, root, modality)),
    })),
  );
  const { slides, findings: slideFindings } = await surveySlides(config, root);
  return {
    root,
    outcomes: outcomes.row,
    tables: tables.flatMap(({ row }) => row ?? []),
    features: features.flatMap(({ row }) => row ?? []),
    slides,
    patientsByModalities: countByModalities(outcomes.patients, [...features, ...tables]),
    findings: [...[outcomes, ...features, ...tables].flatMap(({ findings }) => findings), ...slideFindings],
  };
}
