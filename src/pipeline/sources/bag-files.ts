import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { SlideTable } from '../../operators/tables/slide-table.js';
import type { BagDeclaration } from '../config/data-schema.js';
import type { Config } from '../config/schema.js';
import { bagOf, globOf } from '../config/slots.js';
import { HafError } from '../core/errors.js';
import { ambiguousNames, hancockPatient } from '../core/hancock-names.js';
import { stemOf } from '../core/file-name.js';
import type { ModalityId } from '../core/modality.js';
import { idRuleOf, patientIn, ruleOf } from '../core/naming.js';
import type { Problem } from '../core/problem.js';
import type { Unit } from '../stage.js';
import { annotationFiles } from './annotation-files.js';
import { dearrayJobs } from './dearray-jobs.js';
import { filesOfGlob, type Warn } from './files-of-glob.js';
import { exampleNames } from './matching-files.js';
import { patientOfFileTable } from './patient-table.js';
import { slidesIn } from './slides-in.js';

/** The files that become the bags of one job, not yet hashed. */
export interface FoundBags {
  readonly modality: ModalityId;
  /** Images must be tiled and encoded. Feature files already hold instances. */
  readonly kind: 'features' | 'images';
  readonly unit: Unit;
  readonly role: 'features' | 'slide' | 'core';
  /** Paths relative to the data root. */
  readonly names: readonly string[];
  /** Further files of a slide that consists of several files. The slide file refers to them by their location. */
  readonly parts?: readonly string[];
  /** Existing coordinates of the slide's tiles. If given, no tissue is searched. */
  readonly coords?: string;
  /** The file of regions drawn on the slide in QuPath. They limit its tiles. */
  readonly annotations?: string;
}

/** Where the files of a bag modality are searched: the glob, and the key of the experiment that holds it. */
export function placeOf(
  config: Config,
  modality: ModalityId,
): { readonly key: string; readonly pattern: string; readonly kind: FoundBags['kind'] } {
  const { key, pattern } = globOf(bagOf(config, modality));
  return {
    key: `data.modalities.${modality}.${key}`,
    pattern,
    kind: key === 'files' ? 'features' : 'images',
  };
}

/** How images of a bag are tiled and grouped into jobs, with defaults for what the declaration leaves open. */
export const tilingOf = ({ tiling, images }: BagDeclaration): 'tissue' | 'grid' =>
  tiling ?? (images === null ? 'tissue' : 'grid');
const groupOf = ({ group, images, slides }: BagDeclaration): 'file' | 'patient' =>
  slides !== null ? 'file' : (group ?? (images === null ? 'file' : 'patient'));

/**
 * The feature files of a modality, one job each; or its images, one job per image or one per patient.
 *
 * @throws HafError HAF_MODALITY_EMPTY if the glob matches nothing, HAF_DATA_MISSING for links that lead nowhere,
 * HAF_TABLE_INVALID for a faulty table of files, HAF_JOIN_REFUSED for files whose patient is unknown
 */
export async function findBags(
  config: Config,
  root: string,
  modality: ModalityId,
  warn: Warn = () => undefined,
): Promise<readonly FoundBags[]> {
  const { key, pattern, kind } = placeOf(config, modality);
  const said: Problem[] = [];
  const names = await filesOfGlob({ modality, key, pattern }, root, (problem) => said.push(problem));
  if (names.length === 0)
    throw new HafError(
      'HAF_MODALITY_EMPTY',
      [
        `Modality ${modality} is used, but no file below ${root} matches "${pattern}".`,
        ...said.map(({ reason, file }) => `${reason} (${file ?? ''})`),
      ].join(' '),
      [
        `Set ${key} to where the ${kind} lie, or leave ${modality} out of \`modalities\`.`,
        ...said.map(({ fix }) => fix),
      ].join(' '),
      { context: { modality, key } },
    );
  said.forEach(warn);
  return bagsOf(config, root, modality, kind, names, warn);
}

/** The jobs for the given files: one for each feature file or slide, one for the cores of a patient. */
export async function bagsOf(
  config: Config,
  root: string,
  modality: ModalityId,
  kind: FoundBags['kind'],
  names: readonly string[],
  warn: Warn = () => undefined,
): Promise<readonly FoundBags[]> {
  const bag = bagOf(config, modality);
  if (bag.cores !== null) return coresOnSlides(config, root, modality, names, warn);
  const patientOf = await patientsOfFiles(config, root, modality, names, warn);
  const rule = ruleOf(bag);
  if (kind === 'features')
    return names.map((file) => ({
      modality,
      kind,
      unit: {
        ...{ modality, file },
        ...owner(patientOf(file)),
        ...(rule === 'hancock' || (rule !== null && mayHoldSeveral(file)) ? { names: rule } : {}),
        // Names of HANCOCK also contain the source: the stain of a core, or primary or lymph of a slide. The tiling
        // decides which of the two is read from the name.
        ...(rule === 'hancock' ? { tiling: tilingOf(bag) } : {}),
      },
      role: 'features',
      names: [file],
    }));
  const shared = {
    modality,
    tiling: tilingOf(bag),
    ...(rule === 'hancock' ? { names: rule } : {}),
  };
  return groupOf(bag) === 'file'
    ? slideJobs(config, root, names, shared, patientOf, warn)
    : coreJobs(names, shared, patientOf);
}

/** Whether the arrays of a file may be bags of several patients, by its format. */
const mayHoldSeveral = (file: string): boolean =>
  ['.npz', '.safetensors'].includes(extname(file).toLowerCase());

const owner = (patient: string | null): Pick<Unit, 'patient'> => (patient === null ? {} : { patient });

/**
 * The patient of each file, by its name or by the table of files.
 * @throws HafError HAF_JOIN_REFUSED for a file whose patient is unknown
 */
async function patientsOfFiles(
  config: Config,
  root: string,
  modality: ModalityId,
  names: readonly string[],
  warn: Warn,
): Promise<(file: string) => string | null> {
  const { patient } = bagOf(config, modality);
  if (patient !== null && patient !== 'hancock' && 'table' in patient)
    return patientOfFileTable(config, root, modality, patient, names).then(({ patientOf, warnings }) => {
      warnings.forEach(warn);
      return patientOf;
    });
  const rule = ruleOf({ patient });
  const idOf = idRuleOf(config.data.layout);
  const of = (file: string): string | null => {
    const found = rule === null ? null : patientIn(rule, stemOf(file));
    return found === null || rule === 'hancock' ? found : idOf(found);
  };
  if (rule === 'hancock') {
    refuseAmbiguous(modality, names.map(stemOf));
    return of;
  }
  // In a file with several arrays, the names of the arrays may contain the patients although the file name does not.
  const silent = names.filter((file) => of(file) === null && !mayHoldSeveral(file));
  if (silent.length > 0 && !config.data.patients.allowUnmatched)
    throw new HafError(
      'HAF_JOIN_REFUSED',
      `${modality}: ${silent.length} of ${names.length} files do not match data.modalities.${modality}.patient.pattern, such as ${exampleNames(silent)}.`,
      'Correct the pattern or the names, narrow the glob, or set data.patients.allowUnmatched: true to leave such files out.',
      { context: { modality, files: silent.slice(0, 20) } },
    );
  return of;
}

/**
 * HANCOCK's rule takes the last number of a name as the patient.
 * @throws HafError HAF_JOIN_REFUSED if two names of different form would give the same patient
 */
function refuseAmbiguous(modality: ModalityId, stems: readonly string[]): void {
  const pair = ambiguousNames(stems);
  if (pair === null) return;
  throw new HafError(
    'HAF_JOIN_REFUSED',
    `${modality}: "${pair[0]}" and "${pair[1]}" would both be of patient ${hancockPatient(pair[0]) ?? ''}: in HANCOCK's names the last number is the patient.`,
    `Say which patient the files belong to: data.modalities.${modality}.patient: { pattern: '...(?<patient>...)' }, or { table: FILE, file: COLUMN }; with data.layout: own ids are exact text (docs/own-cohort.md).`,
    { context: { modality, files: [...pair] } },
  );
}

/** The jobs for the cores on whole TMA slides, one job for each patient. */
async function coresOnSlides(
  config: Config,
  root: string,
  modality: ModalityId,
  names: readonly string[],
  warn: Warn,
): Promise<readonly FoundBags[]> {
  const { slideTable, patient } = bagOf(config, modality);
  const table = slideTable === null ? null : await slideTableOf(config, root, slideTable, names);
  table?.warnings.forEach(warn);
  const shared = {
    ...({ modality, tiling: 'grid' } as const),
    ...(patient === 'hancock' ? { names: patient } : {}),
  };
  return dearrayJobs(config, root, names, shared, (file) => table?.of(file).mpp, warn);
}

/**
 * The facts of the slide table about a slide are in the unit of its job. So an edit of one row computes one slide
 * again.
 */
async function slideJobs(
  config: Config,
  root: string,
  names: readonly string[],
  shared: Pick<Unit, 'tiling' | 'names'> & { readonly modality: ModalityId },
  patientOf: (file: string) => string | null,
  warn: Warn,
): Promise<readonly FoundBags[]> {
  const { slideTable } = bagOf(config, shared.modality);
  const table = slideTable === null ? null : await slideTableOf(config, root, slideTable, names);
  table?.warnings.forEach(warn);
  const slides = await slidesIn(root, names, warn, patientOf);
  const drawnOn =
    shared.tiling === 'tissue'
      ? await annotationFiles(
          config,
          root,
          shared.modality,
          slides.map(({ file }) => file),
          warn,
        )
      : () => undefined;
  const { scene } = config.tile;
  // `tile.scene` enters a recipe only if it is not `largest`, so that experiments on the largest scene keep their
  // recipes.
  const chosen = shared.tiling === 'tissue' && scene !== 'largest' ? { scene } : {};
  return slides.map(({ file, reader, parts }) => {
    const annotations = drawnOn(file);
    return {
      modality: shared.modality,
      kind: 'images',
      unit: {
        ...{ ...shared, file, ...owner(patientOf(file)), ...table?.of(file) },
        ...(reader === null ? {} : { reader }),
        ...chosen,
      },
      role: 'slide',
      names: [file],
      ...(parts.length === 0 ? {} : { parts }),
      ...(annotations === undefined ? {} : { annotations }),
    };
  });
}

/**
 * The slide table of a modality.
 * @throws HafError HAF_DATA_MISSING if the file is missing, HAF_TABLE_INVALID if it is faulty
 */
export async function slideTableOf(
  { data }: Config,
  root: string,
  name: string,
  files: readonly string[],
): Promise<SlideTable> {
  const path = join(root, name);
  if (!existsSync(path))
    throw new HafError(
      'HAF_DATA_MISSING',
      `The slide table ${name} (slideTable) is not in ${root}.`,
      'Put it there, or set slideTable of the modality to null.',
    );
  const { readSlideTable } = await import('../../operators/tables/slide-table.js');
  return readSlideTable(path, { name, missing: data.patients.missing }, files);
}

/**
 * The jobs for images of single cores, one job for each patient. A core without a patient in its name has a job of its
 * own, which reports the missing patient.
 */
function coreJobs(
  names: readonly string[],
  shared: Pick<Unit, 'tiling' | 'names'> & { readonly modality: ModalityId },
  patientOf: (file: string) => string | null,
): readonly FoundBags[] {
  const groups = new Map<string, { readonly unit: Unit; readonly names: string[] }>();
  for (const name of names) {
    const patient = patientOf(name);
    const unit: Unit = patient === null ? { ...shared, file: name } : { ...shared, patient };
    const key = patient === null ? `file ${name}` : `patient ${patient}`;
    const group = groups.get(key) ?? { unit, names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({
    modality: shared.modality,
    kind: 'images',
    role: 'core',
    ...group,
  }));
}
