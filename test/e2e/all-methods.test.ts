import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runSummarySchema } from '../../src/pipeline/runs/materialise.js';
import { paperMethodIds as methodIds } from '../../src/operators/paper/paper-results.js';
import { cli } from '../support/cli.js';
import { runFolder, workFolder } from '../support/small-cohort.js';

it.each(['staged', 'joint'] as const)(
  'every method runs from files to its row, trained %s',
  async (schedule) => {
    const folder = await workFolder({ methods: [...methodIds], schedule, train: { epochs: 2, batch: 16 } });
    const { code, stderr } = await cli(['up', '-c', 'experiment.yaml'], folder);
    expect(code, stderr).toBe(0);
    const run = runFolder(folder);
    const summary = runSummarySchema.parse(JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')));
    expect(summary.rows.map(({ method }) => method)).toEqual(methodIds);
    for (const { method, folds, auc } of summary.rows)
      expect([folds, typeof auc.mean], method).toEqual([2, 'number']);
    const histories = ['stage1-union', ...(schedule === 'staged' ? ['stage2', 'stage2-clip'] : []), 'mfmf'];
    for (const name of histories)
      expect(existsSync(join(run, 'folds/1', name, 'history.csv')), name).toBe(true);
  },
  300_000,
);
