import { HafError } from '../pipeline/core/errors.js';
import type { Machine } from '../backends/machine.js';
import type { WheelProduct } from './pip.js';

/** Version of TensorFlow that is installed by default: the newest version with which this package was tested. */
export const defaultVersion = '2.20.0';

/** Name on PyPI of the wheel that holds libtensorflow for a machine. */
export const packageOf = (gpu: boolean, { arch }: Pick<Machine, 'arch'>): string =>
  // On Arm, the package `tensorflow` has no CUDA, so it is also the package for machines without a GPU.
  gpu || arch === 'arm64' ? 'tensorflow' : 'tensorflow-cpu';

/**
 * Python versions for which pip is asked for a wheel, one after another. Each wheel holds the same library, so it
 * does not matter which Python is installed here, if any. All TensorFlow versions from 2.12 to 2.21 have wheels for
 * Python 3.11.
 */
export const pythonVersions = ['3.11', '3.12', '3.13', '3.14'] as const;

const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * Minor versions of glibc that wheels are built for (PEP 600), oldest first. pip accepts a wheel only if the
 * glibc version of the wheel is in this list.
 */
const glibcMinors = [17, 24, 26, 27, 28, 31, 34, 35, 39];

/**
 * Platform tags of the wheels that a machine can load.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT if TensorFlow has no wheel for it
 */
export function wheelPlatforms({ platform, arch, glibc }: Machine): readonly string[] {
  const architecture = architectures[arch];
  if (platform !== 'linux' || architecture === undefined || glibc === null)
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `A TensorFlow for ${platform} ${arch}${platform === 'linux' && glibc === null ? ' without glibc' : ''} cannot be built from wheels.`,
      'On macOS and Windows: haf-pipeline backend install --from npm. On other systems use the wasm backend, which needs no installation.',
    );
  const [, minor = '0'] = glibc.split('.');
  const tags = glibcMinors.filter((least) => least <= Number(minor)).map((least) => `manylinux_2_${least}`);
  return [...tags, 'manylinux2014'].map((tag) => `${tag}_${architecture}`);
}

/** Name and version from the file name of a wheel (PEP 427); null if the file is not named like a wheel. */
export function wheelName(file: string): { readonly name: string; readonly version: string } | null {
  const [, name, version] = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/.exec(file) ?? [];
  return name === undefined || version === undefined ? null : { name, version };
}

/**
 * The packages that a wheel needs for CUDA, from its METADATA: the requirements of the extra `and-cuda`, in pip's syntax
 * ("nvidia-cudnn-cu12<10.0,>=9.3.0.75"). Empty if it has no such extra.
 */
export function cudaRequirements(metadata: string): readonly string[] {
  const [head = ''] = metadata.split(/\r?\n\r?\n/);
  return head.split(/\r?\n/).flatMap((line) => {
    const [, requirement, marker] = /^Requires-Dist: *([^;]+);(.*)$/.exec(line) ?? [];
    if (requirement === undefined || !/extra *== *["']and-cuda["']/.test(marker ?? '')) return [];
    return [requirement.replace(/[\s()]/g, '')];
  });
}

/**
 * TensorFlow as a product on PyPI.
 * @throws HafError HAF_BACKEND_NOT_BUILT if it has no wheel for the machine
 */
export const tensorFlowWheels = (machine: Machine): WheelProduct => ({
  name: 'TensorFlow',
  code: 'HAF_BACKEND_NOT_BUILT',
  platforms: wheelPlatforms(machine),
  fixes: {
    space:
      'Free some disk space, or set HAF_BACKENDS_DIR to a folder on another disk. A backend takes about 3 GB, or 10 GB with CUDA.',
    unknown:
      'Choose another --tensorflow: "pip index versions tensorflow-cpu" lists the versions. They need Linux with glibc, on x86-64 or Arm.',
  },
});
