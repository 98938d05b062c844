import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';
import { packageFolder, writeCoreModules } from '../backends/binding-folder.js';
import { compileAddon } from './compile.js';
import { type Description, descriptionFile, tfjsVersion } from '../backends/description.js';
import { backendsFolder, listInstalled } from '../backends/installed.js';
import { type Machine, thisMachine } from '../backends/machine.js';
import { inUnfinishedFolder } from './in-unfinished-folder.js';
import { fetchBinding, fetchHeaders, installReadyMade } from './npm.js';
import { runSelfTest } from './run-self-test.js';
import type { SelfTestReport } from './self-test-report.js';
import { libraryFrom, libraryFromPypi, type LibraryRequest, type Tell } from './sources.js';

export interface InstallOptions {
  /** Where libtensorflow comes from: `pypi`, `npm`, or the path or URL of a wheel or of an archive of libtensorflow. */
  readonly from: string;
  /** Version of TensorFlow that is downloaded from PyPI if `from` is `pypi`. */
  readonly version: string;
  /** Whether to install the version with CUDA. */
  readonly gpu: boolean;
  /** SHA-256 that the file named by `from` must have. */
  readonly sha256?: string;
}

export interface Installation {
  readonly name: string;
  readonly folder: string;
  /** The result of the self-test. Null if the backend was already installed. */
  readonly report: SelfTestReport | null;
}

const nameOf = (version: string, gpu: boolean): string => `${version}-${gpu ? 'cuda' : 'cpu'}`;

/**
 * Builds a backend and puts it into the user's backends folder. It is built and tested there in a folder whose name the
 * list of backends ignores. This folder is renamed at the end.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT, HAF_BACKEND_UNAVAILABLE if its self-test fails, HAF_USAGE
 */
export async function installBackend(options: InstallOptions, tell: Tell): Promise<Installation> {
  const root = backendsFolder();
  const { from, version, gpu } = options;
  if (from === 'pypi') {
    const there = installedAs(nameOf(version, gpu), root);
    if (there !== null) return there;
  }
  return inUnfinishedFolder(root, tell, async (work, ready) => {
    const built = join(work, 'backend');
    const report = await build(built, work, options, tell);
    const name = nameOf(report.tensorflow, gpu);
    ready();
    await moveInto(built, join(root, name));
    return { name, folder: join(root, name), report };
  });
}

/**
 * Returns the backend of this name if it is already installed.
 * @throws HafError HAF_USAGE if that backend cannot be used
 */
function installedAs(name: string, root: string): Installation | null {
  const there = listInstalled(root).find((one) => one.name === name);
  if (there === undefined) return null;
  const { folder, unfit } = there;
  if (unfit === null) return { name, folder, report: null };
  throw new HafError('HAF_USAGE', `${folder} cannot be used: ${unfit}.`, 'Remove it to install it again.');
}

async function build(
  folder: string,
  work: string,
  options: InstallOptions,
  tell: Tell,
): Promise<SelfTestReport> {
  const scratch = join(work, 'scratch');
  await mkdir(scratch);
  await mkdir(folder);
  const machine = thisMachine();
  const from = await put(folder, options, { ...options, machine, scratch, tell });
  await writeCoreModules(folder);
  await describe(folder, { tensorflow: options.version, gpu: options.gpu, from }, machine);
  tell('testing it');
  const report = await runSelfTest(folder);
  await describe(folder, { tensorflow: report.tensorflow, gpu: options.gpu, from }, machine);
  for (const leftover of ['binding', 'src', 'scripts', 'python', 'deps/include'])
    await rm(join(packageFolder(folder), leftover), { recursive: true, force: true });
  return report;
}

/** Puts the library and the addon into the folder. Returns the files or packages they were built from. */
async function put(
  folder: string,
  { from, gpu }: InstallOptions,
  request: LibraryRequest,
): Promise<readonly string[]> {
  const { scratch, tell } = request;
  if (from === 'npm') {
    tell('running the installer of the npm package');
    tell('warning: the files that the installer downloads are not checked: this release has no hash of them');
    return [await installReadyMade(folder, scratch, gpu)];
  }
  tell('downloading the source code of the addon');
  await fetchBinding(folder, scratch);
  const headers = await fetchHeaders(scratch);
  const files = await (from === 'pypi'
    ? libraryFromPypi(folder, request)
    : libraryFrom(from, folder, request));
  tell('compiling the addon');
  await compileAddon(folder, headers);
  return files;
}

async function describe(
  folder: string,
  facts: { readonly tensorflow: string; readonly gpu: boolean; readonly from: readonly string[] },
  { platform, arch, glibc }: Machine,
): Promise<void> {
  const description: Description = {
    v: 1,
    tfjs: tfjsVersion,
    ...facts,
    from: [...facts.from],
    ...{ platform, arch, glibc },
  };
  await writeFile(join(folder, descriptionFile), `${JSON.stringify(description, null, 2)}\n`);
}

async function moveInto(built: string, folder: string): Promise<void> {
  try {
    await rename(built, folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const what = `${folder} exists already.`;
    throw new HafError('HAF_USAGE', what, 'Remove it to install this backend in its place.', {
      cause: error,
    });
  }
}
