import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import { slotsOfKind, tableOf, tablesRead } from '../config/slots.js';
import type { ModalityId } from '../core/modality.js';
import type { Problem } from '../core/problem.js';
import type { SourceFile, Unit } from '../stage.js';
import { findBags, type FoundBags } from './bag-files.js';
import { findEncoder, modelsOf } from './find-encoder.js';
import { whyUnreadable } from './why-unreadable.js';
import { nameByContent, type ContentName, type NamingOptions } from './name-by-content.js';

/** The files that become the bags of one job: one feature file, one slide, or the cores of one patient. */
export interface BagFiles {
  readonly modality: ModalityId;
  readonly kind: FoundBags['kind'];
  readonly unit: Unit;
  readonly sources: readonly SourceFile[];
}

/** The user's files that an experiment reads, identified by content. */
export interface DataFiles {
  readonly outcome: readonly SourceFile[];
  /** The files of each table modality, in the order of the experiment. */
  readonly tables: readonly { readonly modality: ModalityId; readonly sources: readonly SourceFile[] }[];
  readonly splits: readonly SourceFile[];
  readonly bags: readonly BagFiles[];
  /** The model of `embed.encoder`. Empty if no image is encoded, and for the stand-in encoder, which has no model. */
  readonly encoder: readonly SourceFile[];
  /** The models of modalities with an encoder of their own. */
  readonly ownEncoders?: ReadonlyMap<ModalityId, readonly SourceFile[]>;
  /** The list of patients that belong to the cohort, if it is known before any job runs (runs/members.ts). */
  readonly members?: readonly SourceFile[];
  /** The group of each patient for `cv.mode: groups` (runs/groups.ts). */
  readonly groups?: readonly SourceFile[];
  /** Files that would be bags but cannot be read, and files and rows that are not used. */
  readonly unreadable: readonly Problem[];
}

type Found = Omit<SourceFile, 'sha256'>;

/**
 * Finds and hashes the files of an experiment below `root`, before any work is planned.
 *
 * @throws HafError HAF_DATA_MISSING for a missing folder or for missing tables (all of them at once),
 * HAF_MODALITY_EMPTY for a bag modality whose glob matches nothing, HAF_TABLE_INVALID for a faulty slide table
 */
export const findSources = async (config: Config, root: string, options: NamingOptions): Promise<DataFiles> =>
  nameFiles(await findFiles(config, root), config, root, options);

/**
 * Finds the files of an experiment. It reads the content of tables about files, such as the slide table, and of no
 * other file. Throws the errors of `findSources`.
 */
export async function findFiles(config: Config, root: string): Promise<FoundFiles> {
  if (!existsSync(root) || !statSync(root).isDirectory())
    throw new HafError(
      'HAF_DATA_MISSING',
      `The data folder ${root} does not exist.`,
      'Check --data (or data.root in the experiment file).',
    );
  const located = (role: string, name: string): Found => ({ role, name, path: resolve(root, name) });
  const { outcome, tables } = findTables(config, root);
  const splits =
    config.data.splits === null ? [] : [located('splits', requireFile(root, config.data.splits))];
  const warnings: Problem[] = [];
  const found = slotsOfKind(config, 'bag').map((modality) =>
    findBags(config, root, modality, (problem) => warnings.push(problem)),
  );
  const bags = (await Promise.all(found)).flat();
  return { outcome: [located('outcome', outcome)], tables, splits, bags, warnings };
}

/**
 * Hashes files to identify them by content, including the model that encodes the images. Names are relative to
 * `root`, or absolute.
 */
export async function nameFiles(
  { outcome = [], tables = [], splits = [], bags, warnings = [] }: FoundFiles,
  config: Config,
  root: string,
  options: NamingOptions,
): Promise<DataFiles> {
  const located = (role: string, name: string): Found => ({ role, name, path: resolve(root, name) });
  const filesOf = ({ role, names, parts = [], coords, annotations }: FoundBags): Found[] => [
    ...names.map((name) => located(role, name)),
    ...parts.map((name) => located('part', name)),
    ...(coords === undefined ? [] : [located('coords', coords)]),
    ...(annotations === undefined ? [] : [located('annotations', annotations)]),
  ];
  const ofImages = bags.filter(({ kind }) => kind === 'images').map(({ modality }) => modality);
  const models = modelsOf(config, new Set(ofImages));
  const encoder = models.shared === null ? [] : await findEncoder(models.shared, root);
  const own = await Promise.all(
    models.own.map(async (model) => [model.modality, await findEncoder(model, root)] as const),
  );
  const ofTables = tables.map(({ modality, names }) => ({
    modality,
    sources: names.map((name) => located('table', name)),
  }));
  const whole = [
    ...outcome,
    ...ofTables.flatMap(({ sources }) => sources),
    ...splits,
    ...encoder,
    ...own.flatMap(([, found]) => found),
  ];
  const files = [...whole, ...bags.flatMap(filesOf)];
  const named = await nameByContent(
    files.map(({ path }) => path),
    options,
  );
  const nameOf = (file: Found): ContentName => named.get(file.path) as ContentName;
  const take = (found: readonly Found[]): readonly SourceFile[] => withContent(found, named);
  const problems: Problem[] = [];
  const readable = bags.flatMap((bag): BagFiles[] => {
    const known = { modality: bag.modality, kind: bag.kind, unit: bag.unit };
    const sources = filesOf(bag).flatMap((file): SourceFile[] => {
      const name = nameOf(file);
      if ('sha256' in name) return [{ ...file, sha256: name.sha256 }];
      problems.push(unreadable({ ...known, sources: [] }, file, name.fault.code ?? ''));
      return [];
    });
    // A job of cores needs only one readable file, because a patient may lack a core. A slide needs all of its files:
    // without its coordinates or annotations it would have other tiles.
    const whole = bag.role === 'core' ? sources.length > 0 : sources.length === filesOf(bag).length;
    return whole ? [{ ...known, sources }] : [];
  });
  return {
    ...{ outcome: take(outcome), splits: take(splits), encoder: take(encoder) },
    ...(own.length === 0
      ? {}
      : { ownEncoders: new Map(own.map(([modality, found]) => [modality, take(found)] as const)) }),
    tables: ofTables.map(({ modality, sources }) => ({ modality, sources: take(sources) })),
    ...{ bags: readable, unreadable: [...problems, ...warnings] },
  };
}

/**
 * Hashes files that a command needs.
 * @throws HafError HAF_DATA_MISSING for a file that cannot be read
 */
export async function nameSources(
  files: readonly Found[],
  options: NamingOptions,
): Promise<readonly SourceFile[]> {
  const named = await nameByContent(
    files.map(({ path }) => path),
    options,
  );
  return withContent(files, named);
}

const withContent = (
  files: readonly Found[],
  named: ReadonlyMap<string, ContentName>,
): readonly SourceFile[] =>
  files.map((file) => {
    const name = named.get(file.path) as ContentName;
    if ('fault' in name) throw unusable(file, name.fault);
    return { ...file, sha256: name.sha256 };
  });

function unusable({ name, path }: Found, fault: NodeJS.ErrnoException): HafError {
  const { reason, fix } = whyUnreadable(name, fault.code ?? fault.message);
  return new HafError('HAF_DATA_MISSING', `${name}: ${reason} (${path})`, fix, { cause: fault });
}

/** A slide or feature file that cannot be read is left out. */
const unreadable = ({ unit, kind }: BagFiles, { name }: Found, code: string): Problem => ({
  severity: 'failure',
  stage: kind === 'images' ? 'tile' : 'embed',
  patient: unit.patient ?? null,
  file: name,
  place: null,
  ...whyUnreadable(name, code),
});

/** The files of an experiment, or some of them, before they are hashed. */
export interface FoundFiles {
  readonly outcome?: readonly Found[];
  readonly tables?: readonly { readonly modality: ModalityId; readonly names: readonly string[] }[];
  readonly splits?: readonly Found[];
  readonly bags: readonly FoundBags[];
  /** Warnings about rows of the tables that list files, such as the slide table, and about files that are not used. */
  readonly warnings?: readonly Problem[];
}

function requireFile(root: string, name: string): string {
  if (existsSync(join(root, name))) return name;
  throw missingFiles(root, [`data.splits: ${name}`]);
}

function missingFiles(root: string, missing: readonly string[]): HafError {
  const present = readdirSync(root).sort().slice(0, 20).join(', ');
  return new HafError(
    'HAF_DATA_MISSING',
    `Missing in ${root}: ${missing.join('; ')}. The folder holds: ${present === '' ? 'nothing' : present}.`,
    'Put the files there, name them in the experiment file (data.outcome.file, data.modalities.<name>.file), or leave the modality out of `modalities`.',
  );
}

/**
 * The outcome table and the files of each table modality.
 * @throws HafError HAF_DATA_MISSING naming all missing files
 */
function findTables(
  config: Config,
  root: string,
): { readonly outcome: string; readonly tables: NonNullable<FoundFiles['tables']> } {
  const isThere = (name: string): boolean => existsSync(join(root, name));
  const outcome = outcomeNames(config).find(isThere);
  const tables = tablesRead(config).map((modality) => ({
    modality,
    names: [tableOf(config, modality).file].flat(),
  }));
  const missing = tables.flatMap(({ modality, names }) =>
    names.filter((name) => !isThere(name)).map((name) => `${modality} table ${name}`),
  );
  if (outcome === undefined) missing.unshift(`outcome table ${config.data.outcome.file}`);
  if (outcome === undefined || missing.length > 0) throw missingFiles(root, missing);
  return { outcome, tables };
}

/** Possible names of the outcome table. HANCOCK's archives contain either targets.csv or target.csv. */
export const outcomeNames = ({ data }: Config): readonly string[] =>
  data.layout === 'hancock'
    ? [...new Set([data.outcome.file, 'targets.csv', 'target.csv'])]
    : [data.outcome.file];
