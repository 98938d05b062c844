import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { onnxWheels, takeCudaLibraries, takeLibrary } from '../../src/backend-setup/install-onnx.js';
import { onnxRelease } from '../../src/backend-setup/onnx-release.js';
import { pinnedWheels, requireKnown } from '../../src/backend-setup/pinned-hash.js';
import { wheelName } from '../../src/backend-setup/wheel-choice.js';
import { listInstalled } from '../../src/backends/installed.js';
import { chooseOnnxRuntime, listOnnxRuntimes } from '../../src/backends/onnxruntime.js';
import { cluster } from '../support/backend-folders.js';
import { fault } from '../support/fault.js';
import { onnxRuntimeFolders } from '../support/onnx-runtime-folders.js';

const scratch = (): string => mkdtempSync(join(tmpdir(), 'haf-onnx-install-'));

/** Makes a Python wheel. The content of each of its files is the name of the file. */
function wheelOf(names: readonly string[], name = 'onnxruntime_gpu-1.23.2-cp311-cp311-any.whl'): string {
  const path = join(scratch(), name);
  writeFileSync(path, zipSync(Object.fromEntries(names.map((member) => [member, Buffer.from(member)]))));
  return path;
}

describe('the release of onnxruntime that is installed', () => {
  it('has exact versions, and a hash in this release for every archive', () => {
    const { version, binding, common, wheels } = onnxRelease;
    expect([binding.spec, common.spec]).toEqual([
      `onnxruntime-node@${version}`,
      `onnxruntime-common@${version}`,
    ]);
    for (const requirement of [`onnxruntime-gpu==${version}`, ...wheels.map((wheel) => wheel.requirement)]) {
      const [name = '', exact = ''] = requirement.split('==');
      const known = [...pinnedWheels.keys()].map(wheelName);
      const file = { name: name.replaceAll('-', '_'), version: exact };
      expect(known.filter((one) => one?.name === file.name && one.version === file.version)).toHaveLength(1);
    }
  });

  it('is for Linux on x86-64 with glibc 2.28 or newer', async () => {
    const machine = { ...cluster, glibc: '2.28' };
    expect(onnxWheels(machine).platforms).toContain('manylinux_2_28_x86_64');
    for (const change of [
      { glibc: '2.27' },
      { glibc: null },
      { arch: 'arm64' },
      { platform: 'darwin', glibc: null },
    ]) {
      const error = await fault(Promise.resolve().then(() => onnxWheels({ ...machine, ...change })));
      expect(error.code).toBe('HAF_BACKEND_NOT_BUILT');
      expect(error.fix).toContain('on the CPU');
    }
  });

  it('takes no wheel that it does not know, and no other one of the same name', async () => {
    const other = await fault(requireKnown(wheelOf([], 'onnxruntime_gpu-1.23.2-cp314-cp314-any.whl')));
    expect(other.what).toContain('which this release does not know');
    const [known = ''] = [...pinnedWheels.keys()].filter((name) => name.startsWith('nvidia_cublas_cu12'));
    expect((await fault(requireKnown(wheelOf([], known)))).what).toContain('Nothing of it was used');
  });
});

describe('what is taken out of the wheels', () => {
  const capi = (name: string): string => `onnxruntime/capi/${name}`;
  const libraries = [
    'libonnxruntime.so.1.23.2',
    'libonnxruntime_providers_cuda.so',
    'libonnxruntime_providers_shared.so',
  ];

  it('is the library, under the name that the binding looks for, and its CUDA provider', async () => {
    const folder = scratch();
    const rest = ['libonnxruntime_providers_tensorrt.so', 'onnxruntime_pybind11_state.so'];
    await takeLibrary(wheelOf([...libraries, ...rest].map(capi)), '1.23.2', folder);
    expect(readFileSync(join(folder, 'libonnxruntime.so.1'), 'utf8')).toBe(capi('libonnxruntime.so.1.23.2'));
    expect(existsSync(join(folder, 'libonnxruntime_providers_cuda.so'))).toBe(true);
    expect(existsSync(join(folder, 'libonnxruntime_providers_tensorrt.so'))).toBe(false);
  });

  it('is all of it, or the wheel is refused', async () => {
    const error = await fault(takeLibrary(wheelOf(libraries.slice(0, 1).map(capi)), '1.23.2', scratch()));
    expect(error).toMatchObject({ code: 'HAF_BACKEND_NOT_BUILT' });
    expect(error.what).toContain('libonnxruntime_providers_cuda.so');
  });

  it('is of CUDA what the release names, in the place that it names, without other interfaces', async () => {
    const folder = scratch();
    const named = onnxRelease.wheels.flatMap((wheel) => wheel.libraries);
    const others = [
      'nvidia/cublas/lib/libnvblas.so.12',
      'nvidia/cuda_nvrtc/lib/libnvrtc.alt.so.12',
      'nvidia/cublas/include/cublas.h',
    ];
    const beside = 'nvidia/cudnn/lib/libcudnn_ops.so.9';
    await takeCudaLibraries(wheelOf([...named, beside, ...others]), folder);
    for (const library of [...named, beside])
      expect(readFileSync(join(folder, library), 'utf8')).toBe(library);
    for (const other of others) expect(existsSync(join(folder, other))).toBe(false);
  });
});

describe('which ONNX runtime is used', () => {
  it('is the newest that fits; it is not listed as a TensorFlow', () => {
    const root = onnxRuntimeFolders({
      'onnxruntime-1.9.0-cuda11': { version: '1.9.0' },
      'onnxruntime-1.23.2-cuda12': {},
      'onnxruntime-1.99.0-cuda13': { arch: 'arm64' },
      'onnxruntime-2.0.0-cuda13': '{"v":1',
      'onnxruntime-3.0.0-cuda13': null,
    });
    const machine = { ...cluster, platform: process.platform, arch: process.arch };
    expect(basename(chooseOnnxRuntime(root, machine)?.folder ?? '')).toBe('onnxruntime-1.23.2-cuda12');
    expect(listOnnxRuntimes(root, machine).map(({ unfit }) => unfit?.split(',')[0] ?? null)).toEqual([
      'it has no onnxruntime.json',
      'its onnxruntime.json is damaged',
      `it is for ${process.platform} arm64`,
      null,
      null,
    ]);
    expect(listInstalled(root, machine)).toEqual([]);
    expect(chooseOnnxRuntime('/nonexistent', machine)).toBeNull();
  });

  it('is none where glibc is too old, while other machines with the same home folder use it', () => {
    const root = onnxRuntimeFolders({ 'onnxruntime-1.23.2-cuda12': { platform: 'linux', arch: 'x64' } });
    const on = (glibc: string | null) => {
      const machine = { ...cluster, glibc };
      return {
        chosen: chooseOnnxRuntime(root, machine)?.name ?? null,
        unfit: listOnnxRuntimes(root, machine)[0]?.unfit,
      };
    };
    const needed = 'it needs glibc 2.28 or newer, and this machine has';
    expect(on('2.17')).toEqual({ chosen: null, unfit: `${needed} 2.17` });
    expect(on('2.27')).toEqual({ chosen: null, unfit: `${needed} 2.27` });
    expect(on(null)).toEqual({ chosen: null, unfit: `${needed} another C library` });
    for (const glibc of ['2.28', '2.39'])
      expect(on(glibc)).toEqual({ chosen: 'onnxruntime-1.23.2-cuda12', unfit: null });
  });
});
