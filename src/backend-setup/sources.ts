import { createWriteStream, existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HafError } from '../pipeline/core/errors.js';
import { metadataOf, takeCuda, takeFromArchive, takeFromWheel } from './library.js';
import type { Machine } from '../backends/machine.js';
import { checkArchive } from './pinned-hash.js';
import { downloadWheels } from './pip.js';
import { cudaRequirements, packageOf, tensorFlowWheels } from './wheel-choice.js';

/** Tells the user which step starts next. */
export type Tell = (step: string) => void;

/** Which libtensorflow is wanted, and the folder for temporary files. */
export interface LibraryRequest {
  readonly version: string;
  readonly gpu: boolean;
  readonly machine: Machine;
  /** Folder for downloaded files. */
  readonly scratch: string;
  readonly tell: Tell;
  /** The hash that the user gives for the file named by `--from`. */
  readonly sha256?: string;
}

/**
 * Puts libtensorflow into a backend's folder from wheels of PyPI, and returns the names of these wheels.
 * @throws HafError HAF_BACKEND_NOT_BUILT
 */
export async function libraryFromPypi(folder: string, request: LibraryRequest): Promise<readonly string[]> {
  const { version, gpu, machine, scratch, tell } = request;
  const requirement = `${packageOf(gpu, machine)}==${version}`;
  tell(`downloading the wheel of ${requirement}`);
  const [wheel] = await downloadWheels([requirement], join(scratch, 'wheel'), tensorFlowWheels(machine));
  if (wheel === undefined) throw new Error(`pip left no wheel of ${requirement}`);
  await checkArchive(wheel, null, tell);
  return libraryFromWheel(wheel, folder, request);
}

async function libraryFromWheel(
  wheel: string,
  folder: string,
  { gpu, machine, scratch, tell }: LibraryRequest,
): Promise<readonly string[]> {
  tell(`extracting libtensorflow from ${basename(wheel)}`);
  await takeFromWheel(wheel, folder);
  if (!gpu) return [basename(wheel)];
  const requirements = cudaRequirements(metadataOf(wheel));
  if (requirements.length === 0)
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `${basename(wheel)} is not built for CUDA.`,
      'Leave out --gpu, or choose a wheel of "tensorflow", 2.14 or newer.',
    );
  tell(`downloading CUDA: ${requirements.join(', ')}`);
  const wheels = await downloadWheels(requirements, join(scratch, 'cuda'), tensorFlowWheels(machine));
  for (const cuda of wheels) {
    await checkArchive(cuda, null, tell);
    await takeCuda(cuda, folder);
  }
  return [wheel, ...wheels].map((path) => basename(path));
}

/**
 * Puts libtensorflow into a backend's folder from a wheel or an archive, which is a file or a URL.
 *
 * @throws HafError HAF_USAGE, HAF_BACKEND_NOT_BUILT
 */
export async function libraryFrom(
  from: string,
  folder: string,
  request: LibraryRequest,
): Promise<readonly string[]> {
  const path = /^https?:\/\//.test(from) ? await download(from, request) : resolve(from);
  if (!existsSync(path))
    throw new HafError('HAF_USAGE', `There is no file ${path}.`, 'Name npm, pypi, a file or a URL.');
  const isWheel = path.endsWith('.whl');
  if (!isWheel && !/\.(?:tar\.gz|tgz)$/.test(path))
    throw new HafError(
      'HAF_USAGE',
      `${basename(path)} is neither a wheel (.whl) nor an archive of libtensorflow (.tar.gz).`,
      'Name one of these, npm or pypi.',
    );
  await checkArchive(path, request.sha256 ?? null, request.tell);
  if (isWheel) return libraryFromWheel(path, folder, request);
  request.tell(`unpacking ${basename(path)}`);
  await takeFromArchive(path, folder);
  return [basename(path)];
}

async function download(address: string, { scratch, tell }: LibraryRequest): Promise<string> {
  const path = join(scratch, basename(new URL(address).pathname));
  tell(`downloading ${address}`);
  try {
    const response = await fetch(address);
    if (!response.ok || response.body === null) throw new Error(`the server answers ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
    return path;
  } catch (error) {
    const reason =
      error instanceof Error ? String((error.cause as Error | undefined)?.message ?? error.message) : '';
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `${address} cannot be downloaded: ${reason}.`,
      'Check the URL and the network. If a proxy is needed: download the file in another way and name the file.',
      { cause: error },
    );
  }
}
