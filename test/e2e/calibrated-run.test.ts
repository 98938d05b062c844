import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { calibrated } from '../../src/operators/calibration/calibrated.js';
import { foldCalibrationSchema } from '../../src/operators/calibration/calibration-data.js';
import { runSummarySchema } from '../../src/pipeline/runs/materialise.js';
import { cli } from '../support/cli.js';
import { runFolder, workFolder } from '../support/small-cohort.js';

it('a run shows calibrated probabilities, the recommended method and subgroups', async () => {
  const folder = await workFolder({
    methods: ['all_mlp', 'clinical'],
    modalities: ['Clin', 'Blood'],
    clip: { anchor: 'Clin' },
    stats: {
      subgroups: [
        'Clin.sex',
        { column: 'Clin.age_at_initial_diagnosis', bands: [60] },
        // The experiment declares the table Path, but no model reads this table.
        'Path.primary_tumor_site',
      ],
    },
  });
  const up = ['up', '-c', 'experiment.yaml', '--no-broker'];
  const wrong = await cli([...up, '--set', 'stats.subgroups=[Clin.sx]'], folder);
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toMatch(/table Clin has no column "sx"; did you mean "sex"\?/);
  expect(wrong.stderr).toContain('"smoking_status"');

  const { code, stdout, stderr } = await cli(up, folder);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/calibrated on validation patients +map/);
  expect(stdout).toMatch(/Recommended by validation patients: .*mean validation AUC/);
  const run = runFolder(folder);
  const text = (name: string): string => readFileSync(join(run, name), 'utf8');
  const { rows, recommended, subgroups } = runSummarySchema.parse(JSON.parse(text('summary.json')));
  expect(rows.every(({ calibrated: after }) => after?.brier.mean !== null)).toBe(true);
  expect(['all_mlp', 'clinical']).toContain(recommended?.method);
  expect(subgroups.map(({ variable }) => variable)).toEqual([
    ...['Clin.sex', 'Clin.age_at_initial_diagnosis', 'Path.primary_tumor_site', 'modalities'],
  ]);
  const tested = text('folds/0/all_mlp/predictions.csv').includes('test') ? 48 : 0;
  for (const { groups } of subgroups)
    expect(groups.reduce((sum, { patients }) => sum + patients, 0)).toBeLessThanOrEqual(tested);
  expect(text('subgroups.csv')).toContain('Clin.age_at_initial_diagnosis,below 60,');

  // calibrated.csv holds the logits of predictions.csv after the map in calibration.json was applied.
  const { map } = foldCalibrationSchema.parse(JSON.parse(text('folds/0/all_mlp/calibration.json')));
  const cells = (name: string): string[][] =>
    text(`folds/0/all_mlp/${name}`)
      .trim()
      .split('\n')
      .map((line) => line.split(','));
  const [after, before] = [cells('calibrated.csv'), cells('predictions.csv')];
  expect(after[0]).toEqual(['patient', 'split', 'y', 'p', 'pCalibrated']);
  expect(after).toHaveLength(before.length);
  for (const [i, row] of after.entries()) {
    if (i === 0) continue;
    const [patient, split, y, logit, p, observed] = before[i] ?? [];
    expect(row.slice(0, 4)).toEqual([patient, split, y, p]);
    expect(row[4]).toBe(observed === 'true' ? String(calibrated(map, Number(logit))) : p);
  }
  const page = text('report.html');
  for (const heading of ['Recommended method', 'Calibrated probabilities', 'Subgroups'])
    expect(page).toContain(`<h2>${heading}</h2>`);
  expect(page).not.toMatch(/\bNaN\b|>\s*undefined/);
}, 240_000);
