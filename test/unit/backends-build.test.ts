import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileAddon } from '../../src/backend-setup/compile.js';
import { installBackend } from '../../src/backend-setup/install.js';
import {
  librariesIn,
  metadataOf,
  takeCuda,
  takeFromWheel,
  wheelPlaces,
} from '../../src/backend-setup/library.js';
import { findPip, pipFault } from '../../src/backend-setup/pip.js';
import { libraryFrom } from '../../src/backend-setup/sources.js';
import { cudaRequirements, packageOf, wheelPlatforms } from '../../src/backend-setup/wheel-choice.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { cluster } from '../support/backend-folders.js';

const scratch = (): string => mkdtempSync(join(tmpdir(), 'haf-backend-build-'));

/** Makes a Python wheel (a zip archive) of small files. */
function wheelOf(
  members: Readonly<Record<string, string>>,
  name = 'tensorflow-2.20.0-py3-none-any.whl',
): string {
  const path = join(scratch(), name);
  const bytes = Object.entries(members).map(([member, text]) => [member, Buffer.from(text)] as const);
  writeFileSync(path, zipSync(Object.fromEntries(bytes)));
  return path;
}

const libraries = {
  'tensorflow/libtensorflow_cc.so.2': 'C interface',
  'tensorflow/libtensorflow_framework.so.2': 'framework',
};

async function errorOf(promise: Promise<unknown>): Promise<HafError> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HafError);
  return error as HafError;
}

describe('the wheel for a machine', () => {
  it('has the tags of its processor, for no newer glibc than its own', () => {
    expect(wheelPlatforms(cluster)).toEqual([
      'manylinux_2_17_x86_64',
      'manylinux_2_24_x86_64',
      'manylinux_2_26_x86_64',
      'manylinux_2_27_x86_64',
      'manylinux_2_28_x86_64',
      'manylinux_2_31_x86_64',
      'manylinux2014_x86_64',
    ]);
    expect(wheelPlatforms({ ...cluster, arch: 'arm64', glibc: '2.17' })).toEqual([
      'manylinux_2_17_aarch64',
      'manylinux2014_aarch64',
    ]);
  });

  it.each([
    ['macOS', { platform: 'darwin', glibc: null }, 'darwin x64'],
    ['Alpine', { glibc: null }, 'without glibc'],
    ['another processor', { arch: 'riscv64' }, 'riscv64'],
  ])('does not exist for %s', (_, changes, said) => {
    expect(() => wheelPlatforms({ ...cluster, ...changes })).toThrow(said);
  });

  it('is the small one, unless CUDA is wanted or there is none', () => {
    expect(packageOf(false, cluster)).toBe('tensorflow-cpu');
    expect(packageOf(true, cluster)).toBe('tensorflow');
    expect(packageOf(false, { arch: 'arm64' })).toBe('tensorflow');
  });
});

describe('the CUDA that a wheel wants', () => {
  it('is its extra "and-cuda", in either way of writing it', () => {
    const metadata = [
      'Metadata-Version: 2.4',
      'Name: tensorflow',
      'Requires-Dist: numpy>=1.26.0',
      `Requires-Dist: nvidia-nccl-cu12 ==2.21.5 ; extra == 'and-cuda'`,
      'Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"',
      'Requires-Dist: tensorrt (>=8.6) ; extra == "tensorrt"',
      '',
      'Requires-Dist: nvidia-of-the-description; extra == "and-cuda"',
    ].join('\n');
    expect(cudaRequirements(metadata)).toEqual([
      'nvidia-nccl-cu12==2.21.5',
      'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
    ]);
    expect(cudaRequirements('Name: tensorflow-cpu\n')).toEqual([]);
  });

  it('is read from the METADATA of the wheel', () => {
    const wheel = wheelOf({ 'tensorflow-2.20.0.dist-info/METADATA': 'Name: tensorflow', 'a/METADATA': 'no' });
    expect(metadataOf(wheel)).toBe('Name: tensorflow');
  });

  it('lies where libtensorflow looks for it', async () => {
    const folder = scratch();
    const wheel = wheelOf({
      'nvidia/cudnn/lib/libcudnn.so.9': 'cudnn',
      'nvidia/cudnn/include/cudnn.h': 'header',
      'nvidia/cudnn/lib/__init__.py': '',
    });
    await takeCuda(wheel, folder);
    const nvidia = join(folder, 'tfjs-node/deps/lib', '../nvidia/cudnn');
    expect(readFileSync(join(nvidia, 'lib/libcudnn.so.9'), 'utf8')).toBe('cudnn');
    expect(existsSync(join(nvidia, 'include'))).toBe(false);
    expect(existsSync(join(nvidia, 'lib/__init__.py'))).toBe(false);
  });
});

describe('what is taken out of a wheel', () => {
  it('is the C library with its headers, wherever these lie, and nothing of Python', async () => {
    const folder = scratch();
    const headers = [
      'tensorflow/c/eager/c_api.h',
      'tensorflow/core/platform/ctstring.h',
      'tensorflow/tsl/platform/ctstring.h',
      'tsl/platform/ctstring_internal.h',
      'xla/tsl/c/tsl_status.h',
    ];
    const wheel = wheelOf({
      ...libraries,
      ...Object.fromEntries(headers.map((name) => [`tensorflow/include/${name}`, name])),
      'tensorflow/include/absl/base/call_once.h': 'not needed',
      'tensorflow/python/_pywrap_tensorflow_internal.so': 'Python',
    });
    await takeFromWheel(wheel, folder);
    expect(await librariesIn(folder)).toEqual(['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
    const deps = join(folder, 'tfjs-node/deps');
    expect(readFileSync(join(deps, 'lib/libtensorflow_cc.so.2'), 'utf8')).toBe('C interface');
    for (const name of headers) expect(readFileSync(join(deps, 'include', name), 'utf8')).toBe(name);
    expect(existsSync(join(deps, 'include/absl'))).toBe(false);
  });

  it('is complete, or the wheel is refused: before 2.12 there was no C library', () => {
    const name = 'tensorflow_cpu-2.11.1-cp310-cp310-manylinux_2_17_x86_64.whl';
    expect(() => wheelPlaces(name, ['tensorflow/libtensorflow_framework.so.2'], '/x')).toThrow(
      /tensorflow_cpu-2\.11\.1.*tensorflow\/libtensorflow_cc\.so\.2 missing.*2\.12/,
    );
  });

  it('is whole, or the wheel is called damaged', async () => {
    const wheel = wheelOf({ ...libraries, 'tensorflow/libtensorflow_cc.so.2': 'x'.repeat(1e5) });
    const bytes = readFileSync(wheel);
    // Damages a byte in the middle of the compressed library, which is the first member of the archive.
    const at = bytes.indexOf('libtensorflow_cc.so.2') + 40;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
    writeFileSync(wheel, bytes);
    expect(await errorOf(takeFromWheel(wheel, scratch()))).toMatchObject({ code: 'HAF_BACKEND_NOT_BUILT' });
    writeFileSync(wheel, bytes.subarray(0, 100));
    expect(await errorOf(takeFromWheel(wheel, scratch()))).toMatchObject({ code: 'HAF_BACKEND_NOT_BUILT' });
  });
});

describe('a step that fails says what to do', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each([
    [
      'WARNING: Retrying (Retry(total=4)) after connection broken\nERROR: No matching distribution',
      'network',
    ],
    ['ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==9.9', 'unknown'],
    ['ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device', 'space'],
    ['Traceback (most recent call last)', 'other'],
  ])('pip: %s', (output, fault) => {
    expect(pipFault(output)).toBe(fault);
  });

  it('no pip', async () => {
    vi.stubEnv('PATH', scratch());
    const error = await errorOf(findPip({ name: 'TensorFlow', code: 'HAF_BACKEND_NOT_BUILT' }));
    expect(error).toMatchObject({ code: 'HAF_BACKEND_NOT_BUILT' });
    expect(error.fix).toContain('--from FILE');
  });

  it('no compiler, and no library to link with', async () => {
    const folder = scratch();
    expect((await errorOf(compileAddon(folder, '/x'))).what).toContain('no libtensorflow.so.2');
    await takeFromWheel(wheelOf(libraries), folder);
    vi.stubEnv('CXX', '/nonexistent/c++');
    expect(await errorOf(compileAddon(folder, '/x'))).toMatchObject({
      code: 'HAF_BACKEND_NOT_BUILT',
      what: expect.stringContaining('/nonexistent/c++') as string,
      fix: expect.stringContaining('g++') as string,
    });
  });

  it('no npm; and nothing is left of the attempt', async () => {
    const root = scratch();
    vi.stubEnv('HAF_BACKENDS_DIR', root);
    vi.stubEnv('PATH', scratch());
    const error = await errorOf(
      installBackend({ from: 'pypi', version: '2.20.0', gpu: false }, () => undefined),
    );
    expect(error).toMatchObject({ code: 'HAF_BACKEND_NOT_BUILT', fix: 'Install npm; it comes with Node.' });
    expect(readdirSync(root)).toEqual([]);
  });

  it('something else than a wheel or an archive, a wheel without CUDA, an address where nobody is', async () => {
    const request = {
      version: '2.20.0',
      gpu: true,
      machine: cluster,
      scratch: scratch(),
      tell: () => undefined,
    };
    const from = (what: string): Promise<HafError> => errorOf(libraryFrom(what, scratch(), request));
    expect(await from('/nonexistent.whl')).toMatchObject({ code: 'HAF_USAGE' });
    expect(await from(import.meta.filename)).toMatchObject({ code: 'HAF_USAGE' });
    const cpu = wheelOf({ ...libraries, 'tensorflow-2.20.0.dist-info/METADATA': 'Name: tensorflow-cpu' });
    expect(await from(cpu)).toMatchObject({ what: expect.stringContaining('not built for CUDA') as string });
    expect(await from('http://127.0.0.1:9/tensorflow.whl')).toMatchObject({
      code: 'HAF_BACKEND_NOT_BUILT',
      what: expect.stringContaining('http://127.0.0.1:9/tensorflow.whl') as string,
    });
  });
});
