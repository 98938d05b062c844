import { lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HafError } from '../core/errors.js';

/** The file that marks a folder as a store. */
export const markerFile = 'haf-store.json';
const markerSchema = z.object({ v: z.literal(1), kind: z.literal('haf-pipeline artifact store') });
const marker: z.infer<typeof markerSchema> = { v: 1, kind: 'haf-pipeline artifact store' };

/** The parts of a store. Stores of versions before 0.3 have no marker file and are recognised by these parts. */
const parts = [
  ...['blobs', 'artifacts', 'checkpoints', 'tmp', 'broker', 'pins'],
  ...['source-hashes.json', 'conditional-write-probe', 'evicting'],
];
/**
 * Entries that do not make a folder foreign, because users do not create them: those of the disk, the desktop and NFS,
 * and unfinished writes of source-hashes.json.
 */
const ofSystem = /^(lost\+found|\.DS_Store|\.snapshot|\.nfs.*|\.Trash.*|source-hashes\.json\.\d+\.tmp)$/;
/** These folders hold only folders named by two hexadecimal digits. */
const sorted = ['blobs', 'artifacts', 'checkpoints'];

/**
 * What is in a folder that is to be a store. `mine`: it has the marker file. `former`: it has only the layout of a
 * store.
 */
type Standing = 'absent' | 'empty' | 'mine' | 'former' | { readonly foreign: string };

async function standingOf(root: string): Promise<Standing> {
  let names: readonly string[];
  try {
    if (await hasMarker(root)) return 'mine';
    names = (await readdir(root)).filter((name) => !ofSystem.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
  if (names.length === 0) return 'empty';
  const foreign = names.find((name) => !parts.includes(name) && name !== markerFile);
  if (foreign !== undefined) return { foreign };
  // A folder `tmp` alone does not identify a store, because users have such folders, too.
  if (!names.some((name) => name !== 'tmp')) return { foreign: 'tmp' };
  for (const name of names.filter((one) => sorted.includes(one))) {
    const inside = await readdir(join(root, name));
    const odd = inside.find((one) => !/^[0-9a-f]{2}$/.test(one) && !ofSystem.test(one));
    if (odd !== undefined) return { foreign: `${name}/${odd}` };
  }
  return 'former';
}

async function hasMarker(root: string): Promise<boolean> {
  try {
    return markerSchema.safeParse(JSON.parse(await readFile(join(root, markerFile), 'utf8'))).success;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

const refusal = (root: string, foreign: string): HafError =>
  new HafError(
    'HAF_PATH_UNUSABLE',
    `${root} is not an artifact store: it holds ${foreign}, and no ${markerFile}. A store removes files of its own folder, so no store is made among other files.`,
    `Name a folder that is empty or does not exist yet: --store ${join(root, 'haf-store')}.`,
  );

/**
 * Checks that a folder holds nothing but a store. Writes nothing.
 * @throws HafError HAF_PATH_UNUSABLE
 */
export async function assertStoreFolder(root: string): Promise<void> {
  const standing = await standingOf(root);
  if (typeof standing === 'object') throw refusal(root, standing.foreign);
}

/**
 * Whether a folder is a store already.
 * @throws HafError HAF_PATH_UNUSABLE if it has other content
 */
export async function isStoreFolder(root: string): Promise<boolean> {
  await assertStoreFolder(root);
  return ['mine', 'former'].includes((await standingOf(root)) as string);
}

/**
 * Makes a folder a store: creates it, readable by its owner only, and adds the marker file. A store of a former
 * version gets the marker file. An existing folder keeps its permissions.
 *
 * @throws HafError HAF_PATH_UNUSABLE for a folder with other content
 */
export async function claimStoreFolder(root: string): Promise<void> {
  const standing = await standingOf(root);
  if (standing === 'mine') return;
  if (typeof standing === 'object') throw refusal(root, standing.foreign);
  if (standing === 'absent') await makeOwn(root);
  await writeFile(join(root, markerFile), `${JSON.stringify(marker)}\n`);
}

/**
 * Creates a folder and its missing parents, one after the other. `mkdir` with `recursive` would never end if a
 * parent refuses new folders with ENOENT.
 */
async function makeOwn(folder: string): Promise<void> {
  const parent = dirname(folder);
  const there = await stat(parent).then(
    () => true,
    () => false,
  );
  if (!there && parent !== folder) await makeOwn(parent);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** The names that `placeFile` gives to temporary files. */
const temporaryName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Age in ms at which a temporary file is removed. The process that wrote it has died by then. */
const orphanAgeMs = 24 * 3600_000;

/** Removes the temporary files of killed processes from a store. Other files in `tmp` stay. */
export async function sweepTemporary(root: string, now: number): Promise<void> {
  const folder = join(root, 'tmp');
  const isFolder = await lstat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return;
  for (const name of (await readdir(folder)).filter((one) => temporaryName.test(one))) {
    const path = join(folder, name);
    const found = await lstat(path).catch(() => null);
    if (found?.isFile() === true && now - found.mtimeMs > orphanAgeMs) await rm(path, { force: true });
  }
}
