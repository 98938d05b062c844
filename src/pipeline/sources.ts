import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { from, lastValueFrom, mergeMap, toArray } from 'rxjs';
import { glob } from 'tinyglobby';
import type { Config } from './config/schema.js';
import { HafError } from './core/errors.js';
import { bagModalities, isTableModality, type BagModality } from './core/modality.js';
import type { SourceFile } from './stage.js';

/** The user's files an experiment reads, named by content. */
export interface DataFiles {
  readonly tables: readonly SourceFile[];
  readonly splits: readonly SourceFile[];
  readonly features: readonly { readonly modality: BagModality; readonly source: SourceFile }[];
}

interface Found {
  readonly role: string;
  readonly name: string;
}

/** Hashing is disk-bound; two files in flight keep the disk busy without thrashing it. */
const hashConcurrency = 2;

/**
 * Finds and hashes the files of an experiment below `root`, before any work is planned.
 *
 * @throws HafError HAF_DATA_MISSING for a missing folder or table (all of them at once), HAF_MODALITY_EMPTY for
 * a bag modality whose glob matches nothing.
 */
export async function findSources(config: Config, root: string, hashCache: string): Promise<DataFiles> {
  if (!existsSync(root) || !statSync(root).isDirectory())
    throw new HafError(
      'HAF_DATA_MISSING',
      `The data folder ${root} does not exist.`,
      'Check --data (or data.root in the experiment file).',
    );
  const tables = findTables(config, root);
  const features = (
    await Promise.all(bagModalities.map((modality) => findFeatures(config, root, modality)))
  ).flat();
  const splits =
    config.data.splits === null ? [] : [{ role: 'splits', name: requireFile(root, config.data.splits) }];
  const hashes = await HashCache.open(hashCache);
  const hashed = async <T extends Found>(found: readonly T[]): Promise<(T & SourceFile)[]> => {
    const work = from(found).pipe(
      mergeMap(
        async (file, index) => ({ index, source: { ...file, ...(await hashes.of(join(root, file.name))) } }),
        hashConcurrency,
      ),
      toArray(),
    );
    return (await lastValueFrom(work)).sort((a, b) => a.index - b.index).map(({ source }) => source);
  };
  const named = ({ role, name, path, sha256 }: SourceFile): SourceFile => ({ role, name, path, sha256 });
  const result = {
    tables: (await hashed(tables)).map(named),
    splits: (await hashed(splits)).map(named),
    features: (await hashed(features)).map((file) => ({ modality: file.modality, source: named(file) })),
  };
  await hashes.save();
  return result;
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

function findTables(config: Config, root: string): Found[] {
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

async function findFeatures(
  config: Config,
  root: string,
  modality: BagModality,
): Promise<(Found & { modality: BagModality })[]> {
  if (!config.modalities.includes(modality)) return [];
  const pattern = (modality === 'WSI' ? config.data.wsi : config.data.tma).files;
  const names = (await glob(pattern, { cwd: root, onlyFiles: true, caseSensitiveMatch: true })).sort();
  if (names.length === 0)
    throw new HafError(
      'HAF_MODALITY_EMPTY',
      `Modality ${modality} is listed, but no file below ${root} matches "${pattern}".`,
      `Set data.${modality.toLowerCase()}.files to where the features lie, or take ${modality} out of \`modalities\`.`,
    );
  return names.map((name) => ({ role: 'features', name, modality }));
}

/** Remembers hashes by path, size and modification time, so that a second `up` does not read a cohort of slides again. */
class HashCache {
  private changed = false;
  private constructor(
    private readonly file: string,
    private readonly known: Map<string, string>,
  ) {}

  static async open(file: string): Promise<HashCache> {
    await mkdir(dirname(file), { recursive: true });
    let known: Record<string, string> = {};
    try {
      known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    } catch {
      // Absent or torn: hashes are computed again.
    }
    return new HashCache(file, new Map(Object.entries(known)));
  }

  async of(path: string): Promise<{ path: string; sha256: string }> {
    const { size, mtimeMs } = statSync(path);
    const key = `${path}|${size}|${mtimeMs}`;
    let sha256 = this.known.get(key);
    if (sha256 === undefined) {
      sha256 = await hashFile(path);
      this.known.set(key, sha256);
      this.changed = true;
    }
    return { path, sha256 };
  }

  async save(): Promise<void> {
    if (!this.changed) return;
    const temporary = `${this.file}.${process.pid}.tmp`;
    await writeFile(temporary, JSON.stringify(Object.fromEntries(this.known)));
    await rename(temporary, this.file);
  }
}

/** SHA-256 of a file's content, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
