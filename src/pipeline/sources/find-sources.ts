import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { from, lastValueFrom, mergeMap, toArray } from 'rxjs';
import type { Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import { bagModalities, isTableModality, type BagModality } from '../core/modality.js';
import type { SourceFile, Unit } from '../stage.js';
import { findBags, type FoundBags } from './bag-files.js';
import { HashCache } from './hash-cache.js';

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
}

type Found = Omit<SourceFile, 'sha256'>;

export interface FindOptions {
  /** File that remembers hashes. */
  readonly hashCache: string;
  /** Told once how much has to be read when that will take a while. */
  readonly onNote?: (text: string) => void;
}

/** Hashing is disk-bound; two files in flight keep the disk busy without thrashing it. */
const hashConcurrency = 2;
/** From here on people wonder what it is doing. */
const worthNoting = 2 ** 31;

/**
 * Finds and hashes the files of an experiment below `root`, before any work is planned.
 *
 * @throws HafError HAF_DATA_MISSING for a missing folder or table (all of them at once) or links that lead nowhere, HAF_MODALITY_EMPTY for
 * a bag modality whose glob matches nothing, HAF_TABLE_INVALID for a slide table with faults.
 */
export async function findSources(config: Config, root: string, options: FindOptions): Promise<DataFiles> {
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
  options: FindOptions,
): Promise<DataFiles> {
  const located = (role: string, name: string): Found => ({ role, name, path: resolve(root, name) });
  const filesOf = ({ role, names, coords }: FoundBags): Found[] => [
    ...names.map((name) => located(role, name)),
    ...(coords === undefined ? [] : [located('coords', coords)]),
  ];
  const encoder = bags.some(({ kind }) => kind === 'images') ? findEncoder(config, root) : [];
  const files = [...[...tables, ...splits, ...encoder], ...bags.flatMap(filesOf)];
  const named = await nameByContent(files, options);
  const take = (found: readonly Found[]): SourceFile[] =>
    found.map((file) => ({ ...file, sha256: named.get(file.path) as string }));
  return {
    tables: take(tables),
    splits: take(splits),
    encoder: take(encoder),
    bags: bags.map((bag) => ({
      ...{ modality: bag.modality, kind: bag.kind, unit: bag.unit },
      sources: take(filesOf(bag)),
    })),
  };
}

/** The files of an experiment, or some of them, before they are read. */
export interface FoundFiles {
  readonly tables?: readonly Found[];
  readonly splits?: readonly Found[];
  readonly bags: readonly FoundBags[];
}

/** Hashes of files by path. */
async function nameByContent(
  files: readonly Found[],
  { hashCache, onNote }: FindOptions,
): Promise<ReadonlyMap<string, string>> {
  const hashes = await HashCache.open(hashCache);
  try {
    const bytes = files.reduce((sum, { path }) => sum + hashes.bytesToRead(path), 0);
    if (bytes > worthNoting)
      onNote?.(
        `reading ${(bytes / 2 ** 30).toFixed(1)} GiB of the cohort once, to name its files by content`,
      );
    const work = from(new Set(files.map(({ path }) => path))).pipe(
      mergeMap(async (path) => [path, await hashes.of(path)] as const, hashConcurrency),
      toArray(),
    );
    return new Map(await lastValueFrom(work, { defaultValue: [] }));
  } catch (error) {
    const { code, path = 'a file' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw error;
    throw new HafError(
      'HAF_DATA_MISSING',
      `${path} was there and is gone, or is a link to nowhere.`,
      'Run the same command again; what has been read is remembered.',
      { cause: error },
    );
  } finally {
    // A terabyte of slides is not read twice because of one of them.
    await hashes.save();
  }
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
