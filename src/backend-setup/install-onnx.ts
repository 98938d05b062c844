import { cp, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { backendsFolder } from '../backends/installed.js';
import { type Machine, thisMachine } from '../backends/machine.js';
import {
  hasLeastGlibc,
  leastGlibc,
  listOnnxRuntimes,
  onnxRuntimeFile,
  type OnnxRuntimeDescription,
  type UsableOnnxRuntime,
} from '../backends/onnxruntime.js';
import {
  onnxBindingPath,
  onnxCommonFolder,
  onnxPackageFolder,
  onnxRuntimePrefix,
} from '../backends/onnxruntime-folder.js';
import { HafError } from '../pipeline/core/errors.js';
import { inUnfinishedFolder } from './in-unfinished-folder.js';
import { takeMembers } from './library.js';
import { fetchPackage } from './npm.js';
import { type OnnxRelease, onnxRelease } from './onnx-release.js';
import type { OnnxTestReport } from './onnx-test-report.js';
import { requireKnown } from './pinned-hash.js';
import { downloadWheels, type WheelProduct } from './pip.js';
import { testOnnxRuntime } from './run-onnx-test.js';
import type { Tell } from './sources.js';
import { wheelPlatforms } from './wheel-choice.js';

export interface OnnxInstallation {
  readonly name: string;
  readonly folder: string;
  /** The result of the test of the new runtime. Null if the runtime was already installed. */
  readonly report: OnnxTestReport | null;
}

/** @throws HafError HAF_BACKEND_NOT_BUILT if there is no onnxruntime with CUDA for the machine */
export function onnxWheels(machine: Machine): WheelProduct {
  const { platform, arch, glibc } = machine;
  const fits = platform === 'linux' && arch === 'x64' && hasLeastGlibc(machine);
  if (!fits)
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `onnxruntime with CUDA needs Linux on x86-64 with glibc 2.${leastGlibc} or newer. This machine is ${platform} ${arch}${glibc === null ? '' : ` with glibc ${glibc}`}.`,
      'Encode on another machine, or on the CPU: this needs no installation.',
    );
  return {
    name: 'onnxruntime',
    code: 'HAF_BACKEND_NOT_BUILT',
    platforms: wheelPlatforms(machine),
    fixes: {
      space:
        'Free some disk space, or set HAF_BACKENDS_DIR to a folder on another disk. The installation takes 3 GB, and 5 GB while it runs.',
      unknown:
        'The index that pip uses does not have this version. Set PIP_INDEX_URL to PyPI or to a complete mirror of it.',
    },
  };
}

/**
 * Installs onnxruntime with CUDA for image encoders: the binding from npm, the library of the same release with its CUDA provider
 * from PyPI, and the CUDA libraries that this provider needs. Every archive is compared with the hash in this release of
 * haf-pipeline before it is unpacked. No install script runs. The result is tested in a process of its own.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT if the machine has no such onnxruntime or an archive cannot be used,
 * HAF_BACKEND_UNAVAILABLE if the runtime cannot be loaded or computes wrong values, HAF_USAGE if its folder exists
 * but is unusable
 */
export async function installOnnxRuntime(
  tell: Tell,
  release: OnnxRelease = onnxRelease,
): Promise<OnnxInstallation> {
  const machine = thisMachine();
  const product = onnxWheels(machine);
  const root = backendsFolder();
  const name = `${onnxRuntimePrefix}${release.version}-cuda${release.cuda}`;
  const folder = join(root, name);
  const there = listOnnxRuntimes(root, machine).find((one) => one.name === name);
  if (there !== undefined) {
    if (there.unfit === null) return { name, folder, report: null };
    throw new HafError(
      'HAF_USAGE',
      `${folder} cannot be used: ${there.unfit}.`,
      'Remove it to install it again.',
    );
  }
  return inUnfinishedFolder(root, tell, async (work, ready) => {
    const [made, scratch] = [join(work, name), join(work, 'scratch')];
    await mkdir(made);
    await mkdir(scratch);
    const from = await put(made, scratch, { release, product, tell });
    const description: OnnxRuntimeDescription = {
      v: 1,
      ...{ version: release.version, cuda: release.cuda, driver: release.driver },
      libraries: release.wheels.flatMap(({ libraries }) => libraries),
      from: [...from],
      ...{ platform: machine.platform, arch: machine.arch },
    };
    await writeFile(join(made, onnxRuntimeFile), `${JSON.stringify(description, null, 2)}\n`);
    tell('testing it');
    const installed: UsableOnnxRuntime = { name, folder: made, description, unfit: null };
    const report = await testOnnxRuntime(installed);
    ready();
    await rename(made, folder);
    return { name, folder, report };
  });
}

/**
 * Puts the binding, the onnxruntime library and the CUDA libraries into `folder`. Returns the names of the packages and
 * wheels that they come from.
 */
async function put(
  folder: string,
  scratch: string,
  { release, product, tell }: { release: OnnxRelease; product: WheelProduct; tell: Tell },
): Promise<readonly string[]> {
  const { binding, common, version, wheels } = release;
  tell(`downloading the binding: ${binding.spec}`);
  const unpacked = join(scratch, 'binding');
  await fetchPackage(binding, scratch, unpacked);
  await fetchPackage(common, scratch, onnxCommonFolder(folder));
  await takeBinding(unpacked, onnxPackageFolder(folder));
  const library = `onnxruntime-gpu==${version}`;
  tell(`downloading the library: the wheel of ${library}`);
  const [wheel] = await downloadWheels([library], join(scratch, 'library'), product);
  if (wheel === undefined) throw new Error(`pip left no wheel of ${library}`);
  await requireKnown(wheel);
  await takeLibrary(wheel, version, join(onnxPackageFolder(folder), onnxBindingPath));
  const requirements = wheels.map(({ requirement }) => requirement);
  tell(`downloading CUDA, 1.7 GB: ${requirements.join(', ')}`);
  const cuda = await downloadWheels(requirements, join(scratch, 'cuda'), product);
  for (const path of cuda) {
    await requireKnown(path);
    await takeCudaLibraries(path, folder);
  }
  return [binding.spec, common.spec, ...[wheel, ...cuda].map((path) => basename(path))];
}

/**
 * Moves the JavaScript and the binding for Linux on x86-64 out of the npm package. The library in this package has
 * no CUDA, so it is left out.
 */
async function takeBinding(unpacked: string, folder: string): Promise<void> {
  const into = join(folder, onnxBindingPath);
  await mkdir(into, { recursive: true });
  await cp(join(unpacked, 'package.json'), join(folder, 'package.json'));
  await rename(join(unpacked, 'dist'), join(folder, 'dist'));
  const from = join(unpacked, onnxBindingPath);
  for (const file of await readdir(from))
    if (file.endsWith('.node')) await rename(join(from, file), join(into, file));
}

/**
 * Takes libonnxruntime and its CUDA provider from the wheel. The library gets the name under which the binding looks for it.
 * @throws HafError HAF_BACKEND_NOT_BUILT if the wheel lacks one of these libraries
 */
export function takeLibrary(wheel: string, version: string, into: string): Promise<void> {
  const places = new Map([
    [`onnxruntime/capi/libonnxruntime.so.${version}`, join(into, 'libonnxruntime.so.1')],
    ...['cuda', 'shared'].map((part): [string, string] => {
      const file = `libonnxruntime_providers_${part}.so`;
      return [`onnxruntime/capi/${file}`, join(into, file)];
    }),
  ]);
  return takeMembers(wheel, (names) => {
    const missing = [...places.keys()].filter((name) => !names.includes(name));
    if (missing.length === 0) return places;
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `${basename(wheel)} does not hold ${missing.join(' and ')}.`,
      'Report it with the output of the command.',
    );
  });
}

/**
 * Takes the libraries of a CUDA wheel, except those that onnxruntime does not load (`libnvblas`, `libcufftw`,
 * `*.alt.*`).
 */
export const takeCudaLibraries = (wheel: string, folder: string): Promise<void> =>
  takeMembers(wheel, (names) => {
    const members = names.filter(
      (name) =>
        /^nvidia\/[^/]+\/lib\/[^/]+\.so(?:\.|$)/.test(name) && !/\/libnvblas|\/libcufftw|\.alt\./.test(name),
    );
    return new Map(members.map((name) => [name, join(folder, name)]));
  });
