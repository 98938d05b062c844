import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';
import { packageFolder } from '../backends/binding-folder.js';
import { tfjsVersion } from '../backends/description.js';
import { requirePinned } from './pinned-hash.js';
import { isMissing, lastLines, ProgramFailed, runProgram } from './run-program.js';

/** An npm package with the SHA-256 of its archive. If the version changes, the hash must change too. */
export interface PinnedPackage {
  readonly spec: string;
  readonly sha256: string;
}

/**
 * The packages that are downloaded from npm: the source code of the addon, the packages that its kernels require, and the headers
 * that the addon is compiled with.
 */
export const packages = {
  binding: {
    spec: `@tensorflow/tfjs-node@${tfjsVersion}`,
    sha256: 'd38a448a705efc6e655a080f896b3af646ae39dffbfe9c90b06cb9fc3a2b9358',
  },
  protobuf: {
    spec: 'google-protobuf@3.21.4',
    sha256: '38299bb1802ce06900ea2e43650aded8393cd6a00012ed97ffc716eeab1e1091',
  },
  headers: {
    spec: 'node-api-headers@1.5.0',
    sha256: '59d0c186cb2db56fb5219219fdbcfb0573c33ff772494a23940564b9cfff881c',
  },
} as const satisfies Readonly<Record<string, PinnedPackage>>;

const noNpm = 'Install npm; it comes with Node.';

async function npm(args: readonly string[], cwd: string): Promise<string> {
  try {
    return await runProgram('npm', args, { cwd });
  } catch (error) {
    const said = error instanceof ProgramFailed ? lastLines(error.output, 8) : String(error);
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `npm ${args[0] ?? ''} failed:\n${said}`,
      isMissing(error) ? noNpm : 'Check the network, and the registry and proxy that "npm config ls" shows.',
      { cause: error },
    );
  }
}

/** Unpacks an archive into a folder. @throws HafError HAF_BACKEND_NOT_BUILT */
export async function unpackTar(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  try {
    await runProgram('tar', ['-xzf', archive, '-C', folder]);
  } catch (error) {
    const said = error instanceof ProgramFailed ? `:\n${lastLines(error.output, 3)}` : '';
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `${archive} cannot be unpacked${said}`,
      isMissing(error) ? 'Install tar.' : 'Download it again; it must be a complete gzipped tar archive.',
      { cause: error },
    );
  }
}

/**
 * Downloads an npm package, compares it with its hash, and unpacks it to `target`. Does not download its dependencies and does not run
 * its install scripts.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT
 */
export async function fetchPackage(
  { spec, sha256 }: PinnedPackage,
  scratch: string,
  target: string,
): Promise<void> {
  const folder = join(scratch, `npm-${spec.replace(/[^\w.]+/g, '-')}`);
  await mkdir(folder, { recursive: true });
  await npm(['pack', '--silent', spec, '--pack-destination', folder], folder);
  const [archive] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new Error(`npm pack ${spec} left no archive`);
  await requirePinned(join(folder, archive), sha256);
  await unpackTar(join(folder, archive), folder);
  await mkdir(join(target, '..'), { recursive: true });
  await rename(join(folder, 'package'), target);
}

/**
 * Downloads TensorFlow.js's binding (source code of the addon, and kernels) and the protobuf package that the kernels
 * require into a backend's folder. Does not download other dependencies and does not run install scripts.
 */
export async function fetchBinding(folder: string, scratch: string): Promise<void> {
  await fetchPackage(packages.binding, scratch, packageFolder(folder));
  await fetchPackage(packages.protobuf, scratch, join(folder, 'node_modules', 'google-protobuf'));
}

/** Downloads the headers of Node-API and returns the include folder. */
export async function fetchHeaders(scratch: string): Promise<string> {
  const folder = join(scratch, 'node-api-headers');
  await fetchPackage(packages.headers, scratch, folder);
  return join(folder, 'include');
}

/**
 * Installs the prebuilt package `@tensorflow/tfjs-node` (or `-gpu`) with the installer in it. This installer downloads
 * libtensorflow 2.9 and an addon from storage.googleapis.com, or from the mirror that TFJS_NODE_BASE_URI names.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT with npm's output
 */
export async function installReadyMade(folder: string, scratch: string, gpu: boolean): Promise<string> {
  const name = `@tensorflow/tfjs-node${gpu ? '-gpu' : ''}`;
  const spec = `${name}@${tfjsVersion}`;
  const flags = ['--no-audit', '--no-fund', '--no-save', '--foreground-scripts'];
  const prefix = join(scratch, 'ready-made');
  await mkdir(prefix, { recursive: true });
  // npm 11 runs the install scripts of a package only if `allowScripts` names it.
  const project = { private: true, allowScripts: { [name]: true } };
  await writeFile(join(prefix, 'package.json'), JSON.stringify(project));
  try {
    await runProgram('npm', ['install', ...flags, '--prefix', prefix, spec], { cwd: prefix });
  } catch (error) {
    const said = error instanceof ProgramFailed ? lastLines(error.output, 12) : String(error);
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `The installer of ${spec} failed:\n${said}`,
      isMissing(error)
        ? noNpm
        : 'If it cannot reach storage.googleapis.com: set TFJS_NODE_BASE_URI to a mirror (docs/backends.md), or take --from pypi.',
      { cause: error },
    );
  }
  const from = join(prefix, 'node_modules');
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await rename(join(from, name), packageFolder(folder));
  await rename(join(from, 'google-protobuf'), join(folder, 'node_modules', 'google-protobuf'));
  await rm(prefix, { recursive: true });
  return spec;
}
