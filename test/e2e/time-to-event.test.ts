import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runSummarySchema } from '../../src/pipeline/runs/materialise.js';
import { cli } from '../support/cli.js';
import { runFolder, workFolder } from '../support/small-cohort.js';

it.each([
  [
    'hazards',
    [
      'haf',
      'all_mlp',
      'tma_clam',
      'clinical',
      'mdlm',
      'ga_mean',
      'mfmf',
      'haf_attached',
      'cox_ridge',
      'kaplan_meier',
    ],
  ],
  ['cox', ['haf', 'drop', 'ps3', 'blood']],
] as const)(
  'time-to-event runs from files to its table, by %s',
  async (loss, methods) => {
    const folder = await workFolder({
      methods: [...methods],
      data: { outcome: { kind: 'timeToEvent' } },
      survival: { loss, bins: 3 },
      train: { epochs: 2, batch: 16 },
    });
    const { code, stdout, stderr } = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("Harrell's C");
    expect(stdout).not.toContain('AUC in the paper');
    const run = runFolder(folder);
    const { rows, survival } = runSummarySchema.parse(
      JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')),
    );
    expect(rows.map(({ method }) => method)).toEqual(methods);
    for (const { method, survival: row } of rows) {
      expect([method, typeof row?.c.mean, typeof row?.ibs.mean]).toEqual([method, 'number', 'number']);
      if (method === 'kaplan_meier') expect([row?.c.mean, row?.c.std]).toEqual([0.5, 0]);
    }
    expect(survival?.comparisons.every(({ p }) => p === null || p <= 1)).toBe(true);
    const [header, ...lines] = readFileSync(join(run, 'predictions.csv'), 'utf8').trim().split('\n');
    expect(header).toContain('survival_2y,survival_3y,survival_5y,observed,modalities');
    expect(lines.some((line) => /,(yes|no),(\w+ )*Clin( \w+)*$/.test(line))).toBe(true);
    // Every patient of the cohort is tested once by every method.
    const tested = lines
      .filter((line) => line.startsWith(`${methods[0]},`))
      .map((line) => line.split(',')[2]);
    expect(new Set(tested).size).toBe(tested.length);
    expect(lines).toHaveLength(tested.length * methods.length);
    const page = readFileSync(join(run, 'report.html'), 'utf8');
    expect(page).toContain('Integrated Brier score'.toLowerCase().slice(0, 10));
    expect(page).not.toMatch(/\bNaN\b|>\s*undefined|accuracy at threshold/);
    for (const chart of ['kaplan-meier-cohort', 'robustness-methods'])
      expect(existsSync(join(run, `figures/${chart}.svg`)), chart).toBe(true);
    expect(readFileSync(join(run, 'robustness.csv'), 'utf8')).toMatch(
      /^method,hidden,rho,modality,fold,c\n\w+,drop,0,,0,0\.\d/,
    );
    expect(existsSync(join(run, `figures/kaplan-meier-${methods[0]}.svg`))).toBe(true);
  },
  300_000,
);
