import { existsSync, statSync } from 'node:fs';
import { extname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Config } from '../config/schema.js';
import { bagOf } from '../config/slots.js';
import { HafError } from '../core/errors.js';
import { stemOf } from '../core/file-name.js';
import { grouped } from '../core/grouped.js';
import { ambiguousNames } from '../core/hancock-names.js';
import type { ModalityId } from '../core/modality.js';
import type { Problem } from '../core/problem.js';
import { bagsOf, type FoundBags } from './bag-files.js';
import { featureEndings, pictureEndings, slideEndings } from '../core/file-endings.js';
import { matchingFiles } from './matching-files.js';
import { oneWayEach } from './one-way-each.js';
import { mayHoldData, whyUnlisted } from './why-unreadable.js';

/** File endings that are looked for in a folder. */
const imageEndings = [...slideEndings, ...pictureEndings];

export interface GivenBags {
  readonly bags: readonly FoundBags[];
  /** Files that cannot be distinguished by their names, and folders that cannot be listed. */
  readonly problems: readonly Problem[];
}

/**
 * The jobs for files that a command line names, sorted by path. A folder means the images in it, or the feature files
 * if there are no images. Names are relative to `root`, or absolute outside of it.
 *
 * @throws HafError HAF_DATA_MISSING naming every path, or link in a folder, that does not exist
 */
export async function givenBags(
  paths: readonly string[],
  modality: ModalityId,
  config: Config,
  root: string,
): Promise<GivenBags> {
  const missing = paths.filter((path) => !existsSync(resolve(root, path)));
  if (missing.length > 0)
    throw new HafError('HAF_DATA_MISSING', `There is no ${missing.join(', ')}.`, 'Check the path.');
  const unlisted = new Map<string, Problem>();
  const onUnreadable = (folder: string, code: string): void =>
    void unlisted.set(folder, unlistedFolder(`${nameOf(root, folder)}/`, code));
  const found = await Promise.all(paths.map((path) => filesAt(resolve(root, path), onUnreadable)));
  const names = oneWayEach(root, [...found.flat()].map((path) => nameOf(root, path)).sort()).names;
  if (names.length === 0)
    throw new HafError(
      'HAF_DATA_MISSING',
      [
        `${paths.join(', ')}: there are no images or feature files in there.`,
        ...[...unlisted.values()].map(({ file, reason }) => `${file ?? ''}: ${reason}`),
      ].join(' '),
      `Images end in ${imageEndings.join(', ')}. A file with another ending must be named itself.`,
    );
  const byStem = grouped(names.map((name) => [stemOf(name), name]));
  const alike = [...byStem.values()].filter((group) => group.length > 1);
  const clear = names.filter((name) => byStem.get(stemOf(name))?.length === 1);
  const isFeature = (name: string): boolean => featureEndings.includes(extname(name).toLowerCase());
  const named = namedByFile(config, modality, root, clear);
  const said: Problem[] = [];
  const bagsOfKind = async (kind: FoundBags['kind']): Promise<readonly FoundBags[]> => {
    const files = clear.filter((name) => isFeature(name) === (kind === 'features'));
    if (files.length === 0) return [];
    return bagsOf(named, root, modality, kind, files, (problem) => said.push(problem));
  };
  return {
    bags: [...(await bagsOfKind('images')), ...(await bagsOfKind('features'))],
    problems: [
      ...[...unlisted.values(), ...said],
      ...alike
        .flat()
        .map((file) => ambiguous(file, isFeature(file) ? 'embed' : 'tile', byStem.get(stemOf(file)) ?? [])),
    ],
  };
}

/**
 * The experiment with a patient rule that works for the given files. The rule is replaced in two cases: HANCOCK's
 * rule would most likely give one id to files of two patients, or the rule needs a table (`patient.table`) that does not
 * exist below `root`. Then the name of a file is its id, because the stages over given files need no patient.
 */
function namedByFile(config: Config, modality: ModalityId, root: string, names: readonly string[]): Config {
  const declared = bagOf(config, modality);
  const { patient } = declared;
  const allowed =
    patient === 'hancock'
      ? ambiguousNames(names.map(stemOf)) === null
      : patient === null || !('table' in patient) || existsSync(resolve(root, patient.table));
  if (allowed) return config;
  const modalities = { ...config.data.modalities, [modality]: { ...declared, patient: null } };
  return { ...config, data: { ...config.data, layout: 'own', modalities } };
}

async function filesAt(
  path: string,
  onUnreadable: (folder: string, code: string) => void,
): Promise<readonly string[]> {
  if (!statSync(path).isDirectory()) return [path];
  const inside = async (endings: readonly string[]): Promise<readonly string[]> => {
    const names = await matchingFiles(`**/*.{${endings.join(',')}}`, path, {
      caseSensitive: false,
      onUnreadable: ({ name, code }) => {
        if (mayHoldData(name)) onUnreadable(join(path, name), code);
      },
    });
    return names.map((name) => join(path, name));
  };
  const images = await inside(imageEndings);
  return images.length > 0 ? images : inside(featureEndings.map((ending) => ending.slice(1)));
}

function nameOf(root: string, path: string): string {
  const name = relative(root, path);
  return name.startsWith('..') || isAbsolute(name) ? path : name;
}

/**
 * The slides, each with its coordinate file `<id>.h5` from a folder.
 *
 * @throws HafError HAF_DATA_MISSING naming the slides without a coordinate file
 */
export function withCoords(bags: readonly FoundBags[], folder: string, root: string): readonly FoundBags[] {
  const pairs = bags.map((bag) => ({
    bag,
    file: join(folder, `${stemOf(bag.names[0] ?? '')}.h5`),
    isSlide: bag.role === 'slide',
  }));
  const missing = pairs.filter(({ file, isSlide }) => isSlide && !existsSync(resolve(root, file)));
  if (missing.length > 0)
    throw new HafError(
      'HAF_DATA_MISSING',
      `There is no ${missing.map(({ file }) => file).join(', ')}.`,
      'Name a folder with coordinates of all slides in --coords, or leave it out to look for tissue.',
    );
  return pairs.map(({ bag, file, isSlide }) =>
    isSlide ? { ...bag, coords: nameOf(root, resolve(root, file)) } : bag,
  );
}

const unlistedFolder = (file: string, code: string): Problem => ({
  ...{ severity: 'failure', stage: 'tile', patient: null, file, place: null },
  ...whyUnlisted(file, code),
});

const ambiguous = (file: string, stage: Problem['stage'], alike: readonly string[]): Problem => ({
  severity: 'failure',
  stage,
  patient: null,
  file,
  place: null,
  reason: `${alike.length} files have the id ${stemOf(file)}: ${alike.join(', ')}.`,
  fix: 'Rename all but one of them, or process them one at a time.',
});
