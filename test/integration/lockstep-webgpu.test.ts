import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { cli } from '../support/cli.js';
import { eventsOf, typed } from '../support/fault-runs.js';
import { webGpuHere } from '../support/numeric-backends.js';
import { runFolder, workFolder } from '../support/small-cohort.js';

/** Test probabilities of a row in all folds, by patient. */
function probabilities(folder: string, row: string): ReadonlyMap<string, number> {
  const folds = join(runFolder(folder), 'folds');
  return new Map(
    readdirSync(folds).flatMap((fold) => {
      const [head = '', ...lines] = readFileSync(join(folds, fold, row, 'predictions.csv'), 'utf8')
        .trim()
        .split('\n');
      const columns = head.split(',');
      const [patient, p] = [columns.indexOf('patient'), columns.indexOf('p')];
      return lines.map((line): [string, number] => {
        const cells = line.split(',');
        return [cells[patient] ?? '', Number(cells[p])];
      });
    }),
  );
}

describe.skipIf(!webGpuHere)('a run on a GPU', () => {
  it('trains the folds of a modality in one process at once, with the results of separate processes', async () => {
    // Only one epoch, because rounding differences grow with each epoch.
    const experiment: Partial<ConfigInput> = {
      methods: ['wsi_clam'],
      train: { epochs: 1, lr: 1e-3, batch: 16 },
    };
    const [gpu, cpu] = [await workFolder(experiment), await workFolder(experiment)];
    const up = ['up', '-c', 'experiment.yaml', '--no-broker', '--workers', '2'];
    const { code, stderr } = await cli([...up, '--backend', 'webgpu'], gpu);
    expect(code, stderr).toBe(0);
    expect((await cli([...up, '--backend', 'wasm'], cpu)).code).toBe(0);

    const events = eventsOf(gpu).filter((event) => 'stage' in event && event.stage === 'stage1');
    const begun = typed(events, 'job-started').map(({ seq }) => seq);
    const done = typed(events, 'job-done').map(({ seq }) => seq);
    expect(begun).toHaveLength(2);
    expect(Math.max(...begun)).toBeLessThan(Math.min(...done));

    const [onGpu, onCpu] = [probabilities(gpu, 'wsi_clam'), probabilities(cpu, 'wsi_clam')];
    expect(onGpu.size).toBeGreaterThan(20);
    expect([...onGpu.keys()].sort()).toEqual([...onCpu.keys()].sort());
    for (const [patient, p] of onGpu) expect(p, patient).toBeCloseTo(onCpu.get(patient) ?? NaN, 4);
  }, 240_000);
});
