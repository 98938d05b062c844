import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { backendsFolder, chooseInstalled, listInstalled } from '../../backends/installed.js';
import { type Machine, thisMachine } from '../../backends/machine.js';
import { findOpenSlide } from '../../backends/openslide.js';
import { findServer } from '../broker/server-binary.js';
import type { BackendPreference } from '../core/backend-name.js';
import { HafError, isMachineFault } from '../core/errors.js';
import { machineLimits, type MachineLimits } from '../core/machine-limits.js';
import { assertAddressSpace, assertOpenFiles } from '../core/machine-room.js';
import { usableMemory } from '../core/memory.js';
import { assertTemporaryFolder } from '../core/temporary-folder.js';
import type { DoctorOptions } from './options.js';

/** One thing `doctor` looked at. A check that is not `ok` says what to do. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly fix?: string;
}

const gibibyte = 2 ** 30;
const inGibibytes = (bytes: number): string => `${(bytes / gibibyte).toFixed(1)} GiB`;

/** Oldest Node that the dependencies run on; package.json says the same in `engines`. */
const oldestNode = [20, 19] as const;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const found = `Node ${version}`;
  return fits
    ? { name: 'node', status: 'ok', found }
    : { name: 'node', status: 'fail', found, fix: `Install Node ${oldestNode.join('.')} or newer.` };
}

/** A worker holds the bags of a training job and the tensor library: 2 GiB is a working minimum. */
const memoryPerWorker = 2 * gibibyte;

export function checkMemory(bytes: number, cores: number): Check {
  const found = `${inGibibytes(bytes)} for ${cores} ${cores === 1 ? 'core' : 'cores'}`;
  if (bytes >= memoryPerWorker * cores) return { name: 'memory', status: 'ok', found };
  const workers = Math.max(1, Math.floor(bytes / memoryPerWorker));
  return { name: 'memory', status: 'warn', found, fix: `Run with --workers ${workers}.` };
}

async function checkBackend(preference: BackendPreference): Promise<Check> {
  const name = 'tensor library';
  try {
    const { loadBackend } = await import('../../operators/tensor/backend.js');
    const { releaseBackend } = await import('../../operators/tensor/release-backend.js');
    const backend = await loadBackend(preference);
    releaseBackend();
    const found = `${backend.name}: ${backend.why}`;
    if (backend.name !== 'cpu' || preference === 'cpu') return { name, status: 'ok', found };
    return {
      name,
      status: 'warn',
      found,
      fix: 'Run npm ci again; the plain JavaScript backend is very slow.',
    };
  } catch (error) {
    return failed(name, error);
  }
}

/**
 * Which TensorFlow "backend install" has installed for this user. A run does not need TensorFlow. Without it,
 * training uses a GPU only with `--backend webgpu`.
 */
export function checkTensorFlow(
  environment: NodeJS.ProcessEnv = process.env,
  machine: Machine = thisMachine(),
): Check {
  const name = 'TensorFlow';
  const build = `haf-pipeline backend install${machine.gpu ? ' --gpu' : ''}`;
  try {
    const used = chooseInstalled(environment, machine);
    const others = listInstalled(backendsFolder(environment), machine).filter(
      ({ folder }) => folder !== used?.folder,
    );
    const beside = others.map(
      (other) => `; beside it ${other.name}${other.unfit ? ` (${other.unfit})` : ''}`,
    );
    const found = `${used ? `${used.name} (${used.folder})` : `none that fits this machine is installed; "${build}" installs one`}${beside.join('')}`;
    if (!machine.gpu || used?.description?.gpu) return { name, status: 'ok', found };
    return { name, status: 'warn', found, fix: `Run "${build}" to use the GPU of this machine.` };
  } catch (error) {
    const { what, fix } = HafError.from(error);
    return { name, status: 'warn', found: what, fix };
  }
}

/**
 * Which OpenSlide "slides install" has installed. It is needed for some slide formats, and not for SVS and plain
 * TIFF.
 */
async function checkOpenSlide(): Promise<Check> {
  const name = 'OpenSlide';
  const found = findOpenSlide();
  if (found.installed === null)
    return {
      name,
      status: 'ok',
      found: `${found.why}; "haf-pipeline slides install" installs it (SVS and plain TIFF do not need it)`,
    };
  try {
    const { startOpenSlide } = await import('../../operators/slides/open-with-openslide.js');
    const { process: child, version } = await startOpenSlide(found.path);
    child.close();
    return { name, status: 'ok', found: `${version} (${found.path})` };
  } catch (error) {
    const { what, fix } = HafError.from(error);
    return { name, status: 'warn', found: what, fix };
  }
}

async function checkPackage(name: string, use: string, load: () => Promise<unknown>): Promise<Check> {
  try {
    await load();
    return { name, status: 'ok', found: `loads; ${use}` };
  } catch (error) {
    if (isMachineFault(error)) return failed(name, error);
    const [reason = ''] = (error as Error).message.split('\n');
    return { name, status: 'fail', found: `cannot be loaded: ${reason}`, fix: 'Run npm ci again.' };
  }
}

function failed(name: string, error: unknown): Check {
  const { what, fix } = HafError.from(error);
  return { name, status: 'fail', found: what, fix };
}

/**
 * A check that calls `attempt`, a test that other commands make before their work. The check fails if `attempt`
 * throws.
 */
function checkFault(name: string, found: string, attempt: () => void): Check {
  try {
    attempt();
    return { name, status: 'ok', found };
  } catch (error) {
    return failed(name, error);
  }
}

const limitsText = ({ openFiles, addressSpace }: MachineLimits): string =>
  `${openFiles ?? 'any number of'} open files, ${addressSpace === null ? 'no limit of addresses' : `${addressSpace / 1024} KiB of addresses`}`;

export function checkNatsServer(environment: NodeJS.ProcessEnv = process.env): Check {
  const name = 'nats-server';
  try {
    const server = findServer(environment);
    const found = server
      ? `${server.version} (${server.path})`
      : 'not installed; runs stay inside one process, without workers of other machines';
    return { name, status: 'ok', found };
  } catch (error) {
    const { what, fix } = HafError.from(error);
    return { name, status: 'warn', found: what, fix };
  }
}

/** Returns the folder if it exists, or else its nearest parent folder that exists. */
function existing(folder: string): string {
  let at = resolve(folder);
  while (!existsSync(at)) at = dirname(at);
  return at;
}

export function checkWritable(name: string, folder: string): Check {
  const at = existing(folder);
  try {
    accessSync(at, constants.W_OK | constants.X_OK);
    return { name, status: 'ok', found: `${folder} can be written` };
  } catch {
    const found = `${at} cannot be written`;
    return {
      name,
      status: 'fail',
      found,
      fix: 'Change its owner, or name another folder on the command line.',
    };
  }
}

/**
 * Free space for the store. `doctor` warns below `roomy` and fails below `tight`, because a run with less space would
 * probably fill the disk before it ends.
 */
const roomy = 10 * gibibyte;
const tight = gibibyte;

export function checkSpace(folder: string, freeBytes: number): Check {
  const name = 'disk space';
  const found = `${inGibibytes(freeBytes)} free for ${folder}`;
  const fix = 'Free some space, or put the store on another disk with --store DIR.';
  if (freeBytes < tight) return { name, status: 'fail', found, fix };
  return freeBytes < roomy ? { name, status: 'warn', found, fix } : { name, status: 'ok', found };
}

function freeSpace(folder: string): number {
  const { bavail, bsize } = statfsSync(existing(folder));
  return bavail * bsize;
}

/** All checks of `doctor`, in the order in which they are printed. */
export async function checkMachine(options: DoctorOptions): Promise<readonly Check[]> {
  return [
    checkNode(process.versions.node),
    checkMemory(usableMemory(), availableParallelism()),
    await checkBackend(options.backend),
    checkTensorFlow(),
    checkFault('limits', limitsText(machineLimits()), () => {
      assertOpenFiles();
      assertAddressSpace();
    }),
    checkFault('temporary files', `can be written to ${tmpdir()}`, assertTemporaryFolder),
    await checkPackage('h5wasm', 'reads feature files', async () =>
      (await import('../../operators/features/hdf5-library.js')).hdf5Ready(),
    ),
    await checkPackage('sharp', 'reads images', () => import('sharp')),
    await checkOpenSlide(),
    checkNatsServer(),
    checkSpace(options.store, freeSpace(options.store)),
    checkWritable('store', options.store),
    checkWritable('runs', options.runs),
  ];
}
