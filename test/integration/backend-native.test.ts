import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkedStep } from '../../src/operators/stage1/backend-check.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { nativeLibrary } from '../../src/operators/tensor/tensorflow.js';
import { runSummarySchema } from '../../src/pipeline/runs/materialise.js';
import { cli } from '../support/cli.js';
import { nativeFolder } from '../support/native-tensorflow.js';
import { useBackend } from '../support/numeric-backends.js';
import { runFolder, workFolder } from '../support/small-cohort.js';

interface Listed {
  readonly backends: readonly { readonly name: string; readonly used: boolean; readonly folder: string }[];
}

describe.skipIf(nativeFolder === null)('a TensorFlow that "backend install" built', () => {
  const name = basename(nativeFolder ?? '');
  // A folder of backends that holds only the backend under test.
  const root = mkdtempSync(join(tmpdir(), 'haf-native-'));
  if (nativeFolder !== null) symlinkSync(nativeFolder, join(root, name));

  beforeEach(() => {
    vi.stubEnv('HAF_BACKENDS_DIR', root);
    vi.stubEnv('HAF_TENSORFLOW', '');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is listed as the one in use, and doctor takes it', async () => {
    const { backends } = JSON.parse((await cli(['backend', 'ls', '--json'], root)).stdout) as Listed;
    expect(backends).toMatchObject([{ name, used: true, folder: join(root, name) }]);
    const { stdout } = await cli(['doctor'], root);
    expect(stdout).toMatch(/tensor library +tensorflow/);
    expect(stdout).toContain(name);
  });

  it('passes its self-test, and says how fast it is', async () => {
    const { code, stdout } = await cli(['backend', 'test', '--json'], root);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { tensorflow: string; gradientError: number; speed: unknown[] };
    expect(report.tensorflow).toMatch(/^2\.\d+\.\d+/);
    expect(report.gradientError).toBeGreaterThan(0);
    expect(report.speed).toHaveLength(2);
  });

  it('is refused by its self-test when it is not what it says', async () => {
    // A broken installation: it has the description of the library, but not the library.
    symlinkSync(
      join(nativeFolder ?? '', 'backend.json'),
      join(mkdtempSync(join(root, 'broken-')), 'backend.json'),
    );
    const { backends } = JSON.parse((await cli(['backend', 'ls', '--json'], root)).stdout) as Listed;
    const broken = backends.find((one) => one.name !== name);
    const { code, stderr } = await cli(['backend', 'test', broken?.name ?? ''], root);
    expect(code).toBe(69);
    expect(stderr).toContain('HAF_BACKEND_UNAVAILABLE');
    expect(stderr).toContain('tfjs_binding.node');
  });

  it('is what the trainers of a run compute with', async () => {
    vi.stubEnv('HAF_TENSORFLOW', name);
    const folder = await workFolder();
    const result = await cli(
      ['up', '-c', 'experiment.yaml', '--workers', '1', '--backend', 'tensorflow'],
      folder,
    );
    expect(result.stderr).toContain('report.html');
    expect(result.code).toBe(0);
    const summary = readFileSync(join(runFolder(folder), 'summary.json'), 'utf8');
    expect(runSummarySchema.parse(JSON.parse(summary)).backend).toBe('tensorflow');
  }, 240_000);

  it('shares the TensorFlow.js of the process: its tensors pass to another backend and back', async () => {
    await useBackend('tensorflow');
    const x = tf.tensor1d([1, 2, 3]);
    const squared = tf.square(x);
    expect(nativeLibrary()?.version).toMatch(/^2\./);
    await loadBackend('wasm');
    expect(nativeLibrary()).toBeNull();
    expect([...(await tf.add(squared, x).data())]).toEqual([2, 6, 12]);
    tf.dispose([x, squared]);
  });

  it('repeats a gradient bit by bit', async () => {
    await useBackend('tensorflow');
    const { run } = checkedStep([3, 40, 1000], 64);
    expect((await run()).gradient).toEqual((await run()).gradient);
  });
});
