import { existsSync, readdirSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';
import { userDataFolder } from '../pipeline/core/this-user.js';
import { type Description, readDescription, unfitFor } from './description.js';
import { type Machine, thisMachine } from './machine.js';
import { onnxRuntimePrefix } from './onnxruntime-folder.js';

/** One installed backend, which is one folder in the backends folder. */
export interface InstalledBackend {
  readonly name: string;
  readonly folder: string;
  /** What `backend install` wrote about the installation. Null if it cannot be read. */
  readonly description: Description | null;
  /** Why the backend cannot be used on this machine; null if it can. */
  readonly unfit: string | null;
}

/** Prefix of the names of folders whose installation is still running, or was killed. */
export const unfinishedPrefix = '.unfinished-';

/** Where backends are installed: HAF_BACKENDS_DIR, or `haf-pipeline/backends` in the user's data folder. */
export function backendsFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { HAF_BACKENDS_DIR: own } = environment;
  return own ? resolve(own) : join(userDataFolder(environment), 'backends');
}

function look(folder: string, machine: Machine): InstalledBackend {
  const name = basename(folder);
  const description = readDescription(folder);
  return typeof description === 'string'
    ? { name, folder, description: null, unfit: description }
    : { name, folder, description, unfit: unfitFor(description, machine) };
}

/**
 * Compares two backends for sorting; negative if `a` comes first. First come backends that run here, then those with
 * CUDA (on a machine with a GPU) or without CUDA (on a machine without one), then newer versions.
 */
function preferred(a: InstalledBackend, b: InstalledBackend, { gpu }: Machine): number {
  const misfit = (one: InstalledBackend): number => (one.unfit === null ? 0 : 1);
  const otherDevice = ({ description }: InstalledBackend): number => (description?.gpu === gpu ? 0 : 1);
  const version = ({ description }: InstalledBackend): string => description?.tensorflow ?? '';
  return (
    misfit(a) - misfit(b) ||
    otherDevice(a) - otherDevice(b) ||
    version(b).localeCompare(version(a), 'en', { numeric: true }) ||
    a.name.localeCompare(b.name, 'en')
  );
}

/** Lists the installed TensorFlow backends in order of preference. */
export function listInstalled(
  folder = backendsFolder(),
  machine = thisMachine(),
): readonly InstalledBackend[] {
  return foldersIn(folder)
    .filter((name) => !name.startsWith('.') && !name.startsWith(onnxRuntimePrefix))
    .map((name) => look(join(folder, name), machine))
    .sort((a, b) => preferred(a, b, machine));
}

/** Lists the folders of installations that are still running or were interrupted. */
export const listUnfinished = (folder = backendsFolder()): readonly string[] =>
  foldersIn(folder)
    .filter((name) => name.startsWith(unfinishedPrefix))
    .map((name) => join(folder, name));

function foldersIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name);
}

/**
 * Chooses the backend to use: the one that HAF_TENSORFLOW names (by its name, or by the path of its folder), else the
 * first one that fits this machine. Returns null if there is none, or if HAF_TENSORFLOW is `npm`: the caller then tries
 * to import the npm packages @tensorflow/tfjs-node-gpu and @tensorflow/tfjs-node.
 *
 * @throws HafError HAF_BACKEND_UNAVAILABLE if the named backend is missing or does not fit this machine
 */
export function chooseInstalled(
  environment: NodeJS.ProcessEnv = process.env,
  machine = thisMachine(),
): InstalledBackend | null {
  const wanted = environment.HAF_TENSORFLOW ?? '';
  if (wanted === 'npm') return null;
  const root = backendsFolder(environment);
  if (wanted === '') return listInstalled(root, machine).find(({ unfit }) => unfit === null) ?? null;
  const named = findNamed(wanted, root, machine);
  if (named.unfit === null) return named;
  throw new HafError(
    'HAF_BACKEND_UNAVAILABLE',
    `HAF_TENSORFLOW is "${wanted}", but ${named.unfit}.`,
    'haf-pipeline backend ls shows what is installed; unset HAF_TENSORFLOW to use the first that fits.',
  );
}

/** Finds a backend by its name or by the path of its folder, whether it can be used or not. */
export function findNamed(name: string, root = backendsFolder(), machine = thisMachine()): InstalledBackend {
  const folder = isAbsolute(name) ? name : join(root, name);
  const found = look(folder, machine);
  return existsSync(folder) ? found : { ...found, unfit: `there is no folder ${folder}` };
}
