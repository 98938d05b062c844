import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import { bagModalities, isTableModality, type BagModality } from '../core/modality.js';
import type { Problem } from '../core/problem.js';
import type { SourceFile, Unit } from '../stage.js';
import { findBags, type FoundBags } from './bag-files.js';
import { nameByContent, type ContentName, type NamingOptions } from './name-by-content.js';

/** The files that become the bags of one job: one feature file, one slide, or the cores of one patient. */
export interface BagFiles {
  readonly modality: BagModality;
  readonly kind: FoundBags['kind'];
  readonly unit: Unit;
  readonly sources: readonly SourceFile[];
}

/** The user's files an experiment reads, named by content. */
export interface DataFiles {
  readonly tables: readonly SourceFile[];
  readonly splits: readonly SourceFile[];
  readonly bags: readonly BagFiles[];
  /** The model that encodes images; none for features and for the stand-in. */
  readonly encoder: readonly SourceFile[];
  /** Files that would be bags but cannot be read. */
  readonly unreadable: readonly Problem[];
}

type Found = Omit<SourceFile, 'sha256'>;

/**
 * Finds and hashes the files of an experiment below `root`, before any work is planned.
 *
 * @throws HafError HAF_DATA_MISSING for a missing folder or table (all of them at once), HAF_MODALITY_EMPTY for
 * a bag modality whose glob matches nothing, HAF_TABLE_INVALID for a slide table with faults.
 */
export async function findSources(config: Config, root: string, options: NamingOptions): Promise<DataFiles> {
  if (!existsSync(root) || !statSync(root).isDirectory())
    throw new HafError(
      'HAF_DATA_MISSING',
      `The data folder ${root} does not exist.`,
      'Check --data (or data.root in the experiment file).',
    );
  const located = (role: string, name: string): Found => ({ role, name, path: resolve(root, name) });
  const tables = findTables(config, root).map(({ role, name }) => located(role, name));
  const splits =
    config.data.splits === null ? [] : [located('splits', requireFile(root, config.data.splits))];
  const bags = (await Promise.all(bagModalities.map((modality) => findBags(config, root, modality)))).flat();
  return nameFiles({ tables, splits, bags }, config, root, options);
}

/**
 * Names files by their content, with the model that encodes the images among them. Names are relative to `root`, or
 * absolute.
 */
export async function nameFiles(
  { tables = [], splits = [], bags }: FoundFiles,
  config: Config,
  root: string,
  options: NamingOptions,
): Promise<DataFiles> {
  const located = (role: string, name: string): Found => ({ role, name, path: resolve(root, name) });
  const filesOf = ({ role, names, coords }: FoundBags): Found[] => [
    ...names.map((name) => located(role, name)),
    ...(coords === undefined ? [] : [located('coords', coords)]),
  ];
  const encoder = bags.some(({ kind }) => kind === 'images') ? findEncoder(config, root) : [];
  const files = [...[...tables, ...splits, ...encoder], ...bags.flatMap(filesOf)];
  const named = await nameByContent(
    files.map(({ path }) => path),
    options,
  );
  const nameOf = (file: Found): ContentName => named.get(file.path) as ContentName;
  const take = (found: readonly Found[]): SourceFile[] =>
    found.map((file) => {
      const name = nameOf(file);
      if ('fault' in name) throw unusable(file, name.fault);
      return { ...file, sha256: name.sha256 };
    });
  const problems: Problem[] = [];
  const readable = bags.flatMap((bag): BagFiles[] => {
    const known = { modality: bag.modality, kind: bag.kind, unit: bag.unit };
    const sources = filesOf(bag).flatMap((file): SourceFile[] => {
      const name = nameOf(file);
      if ('sha256' in name) return [{ ...file, sha256: name.sha256 }];
      problems.push(unreadable({ ...known, sources: [] }, file, name.fault.code ?? ''));
      return [];
    });
    // A patient may lack a core; a slide without its coordinates would be tiled anew.
    const whole = bag.role === 'core' ? sources.length > 0 : sources.length === filesOf(bag).length;
    return whole ? [{ ...known, sources }] : [];
  });
  return {
    ...{ tables: take(tables), splits: take(splits), encoder: take(encoder) },
    ...{ bags: readable, unreadable: problems },
  };
}

const unusable = ({ name, path }: Found, fault: NodeJS.ErrnoException): HafError =>
  new HafError(
    'HAF_DATA_MISSING',
    `${name} cannot be read (${fault.code ?? fault.message}): ${path}.`,
    fix[fault.code ?? ''] ?? otherwise,
    { cause: fault },
  );

/** The files of an experiment, or some of them, before they are read. */
export interface FoundFiles {
  readonly tables?: readonly Found[];
  readonly splits?: readonly Found[];
  readonly bags: readonly FoundBags[];
}

const fix: Readonly<Record<string, string>> = {
  ENOENT: 'It is a link that leads nowhere, or has just been removed: mount the disk, or remove the link.',
};
const otherwise = 'Check its rights, and that it is a file.';

/** A slide or feature file that cannot be read is left out; whoever asks for a table needs it. */
const unreadable = ({ unit, kind }: BagFiles, { name }: Found, code: string): Problem => ({
  severity: 'failure',
  stage: kind === 'images' ? 'tile' : 'embed',
  patient: unit.patient ?? null,
  file: name,
  place: null,
  reason: `It cannot be read (${code}).`,
  fix: fix[code] ?? otherwise,
});

function requireFile(root: string, name: string): string {
  if (existsSync(join(root, name))) return name;
  throw missingFiles(root, [`data.splits: ${name}`]);
}

function missingFiles(root: string, missing: readonly string[]): HafError {
  const present = readdirSync(root).sort().slice(0, 20).join(', ');
  return new HafError(
    'HAF_DATA_MISSING',
    `Missing in ${root}: ${missing.join('; ')}. The folder holds: ${present === '' ? 'nothing' : present}.`,
    'Put the files there, name them in the experiment file (data.targets, data.tables), or take the modality out of `modalities`.',
  );
}

function findTables(config: Config, root: string): readonly Pick<SourceFile, 'role' | 'name'>[] {
  const targets = [config.data.targets, 'targets.csv', 'target.csv'].find((name) =>
    existsSync(join(root, name)),
  );
  const wanted = config.modalities
    .filter(isTableModality)
    .map((role) => ({ role, name: config.data.tables[role] }));
  const missing = wanted
    .filter(({ name }) => !existsSync(join(root, name)))
    .map(({ role, name }) => `${role} table ${name}`);
  if (targets === undefined) missing.unshift(`outcomes ${config.data.targets}`);
  if (targets === undefined || missing.length > 0) throw missingFiles(root, missing);
  return [{ role: 'targets', name: targets }, ...wanted];
}

function findEncoder({ embed }: Config, root: string): readonly Found[] {
  const { onnx } = embed.encoder;
  if (onnx === null) return [];
  const path = resolve(root, onnx);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return [{ role: 'encoder', name: onnx, path }];
  throw new HafError(
    'HAF_ENCODER_UNFIT',
    found
      ? `${path} (embed.encoder.onnx) is no file, so it is no model.`
      : `There is no model ${path} (embed.encoder.onnx).`,
    'Correct the path: absolute, or relative to the data folder. The pipeline ships no model (docs/encoders.md).',
  );
}
