import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OnnxTestReport } from '../../src/backend-setup/onnx-test-report.js';
import { thisMachine } from '../../src/backends/machine.js';
import { onnxRuntimeFile } from '../../src/backends/onnxruntime.js';
import { defaultLimits } from '../../src/operators/features/reading-limits.js';
import { readFeatures } from '../../src/operators/features/reading-thread.js';
import { cli } from '../support/cli.js';
import { poolingEncoder, writeOnnxFile } from '../support/onnx-file.js';
import { writePainted } from '../support/painted-slide.js';

const installed = process.env['HAF_TEST_ONNXRUNTIME'] ?? '';
const absent = !existsSync(join(installed, onnxRuntimeFile));
if (absent)
  console.warn(
    'SKIPPED: no onnxruntime with CUDA (set HAF_TEST_ONNXRUNTIME to the folder that "backend install --onnx --gpu" prints)',
  );

describe.skipIf(absent)('an onnxruntime that "backend install --onnx --gpu" installed', () => {
  const { gpu } = thisMachine();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'haf-onnx-gpu-'));
    vi.stubEnv('HAF_BACKENDS_DIR', dirname(installed));
    writeOnnxFile(join(folder, 'model.onnx'), poolingEncoder(32, 6));
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('loads with all CUDA libraries, and computes on the GPU or says that the driver is missing', async () => {
    const { code, stdout, stderr } = await cli(['backend', 'test', 'onnx', '--json'], folder);
    expect(code, stderr).toBe(0);
    const { cpuError, cuda } = JSON.parse(stdout) as OnnxTestReport;
    expect(cpuError).toBe(0);
    if (gpu) expect(cuda).toMatchObject({ works: true });
    else expect(cuda).toMatchObject({ works: false, reason: 'this machine has no NVIDIA driver' });
  }, 120_000);

  async function valuesOn(device: string): Promise<Float32Array> {
    const path = join(folder, device, 'features', 'a.h5');
    const about = { name: 'a.h5', modality: 'WSI', patient: 'a', tiling: 'tissue' } as const;
    const request = { path, ...about, width: 6, onNonFinite: 'error' } as const;
    const { bags } = await readFeatures(request, defaultLimits);
    return bags[0]?.values ?? new Float32Array();
  }

  it('encodes a slide on the GPU as on the CPU, or is refused without a driver; on the CPU when told so', async () => {
    const slide = await writePainted('a.svs', { width: 1500, height: 1200 });
    // The device is not part of the recipe. So each device gets its own store, in its own folder.
    const embedOn = (device: string) => {
      const own = join(folder, device);
      mkdirSync(own);
      vi.stubEnv('HAF_ENCODER_DEVICE', device);
      const set = [`embed.encoder.onnx=${join(folder, 'model.onnx')}`, 'data.modalities.WSI.width=6'];
      const keys = [...set, 'tile.targetSize=32', 'tissue.preset=bypass'].flatMap((key) => ['--set', key]);
      return cli(['embed', slide, '-o', 'features', ...keys], own);
    };
    const onCpu = await embedOn('cpu');
    expect(onCpu.code, onCpu.stderr).toBe(0);
    const expected = await valuesOn('cpu');
    expect(expected.length).toBeGreaterThan(0);
    const onGpu = await embedOn('cuda');
    if (gpu) {
      expect(onGpu.code, onGpu.stderr).toBe(0);
      const found = await valuesOn('cuda');
      expect(found).toHaveLength(expected.length);
      found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 2));
    } else {
      expect(onGpu.code).not.toBe(0);
      expect(onGpu.stderr).toContain('HAF_BACKEND_UNAVAILABLE');
      expect(onGpu.stderr).toContain('this machine has no NVIDIA driver');
      expect(onGpu.stderr).toContain('set HAF_ENCODER_DEVICE=cpu');
    }
    rmSync(dirname(slide), { recursive: true });
  }, 240_000);
});
