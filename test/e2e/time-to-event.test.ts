import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

it('tells of times in two units, and of a C that comes from one pair of patients', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-units-'));
  try {
    // Only two patients have the event (after 2900 days), and only two are followed longer. Two patients are comparable
    // if one has the event and the other is followed longer. So a fold has at most two comparable pairs.
    const rows = Array.from({ length: 60 }, (_, i) => {
      const event = i === 10 || i === 40;
      const days = event ? 2900 : i === 5 || i === 50 ? 3000 : 200 + 37 * i;
      return [
        `P${i}`,
        !event && i % 4 === 0 ? (days / 365.25).toFixed(2) : days,
        event ? 1 : 0,
        40 + (i % 30),
      ];
    });
    writeFileSync(join(folder, 'clini.csv'), [['PATIENT', 'TIME', 'DEAD', 'AGE'], ...rows].join('\n'));
    writeFileSync(
      join(folder, 'experiment.yaml'),
      `name: units
methods: [cox_ridge]
data:
  root: .
  layout: own
  patients: { id: PATIENT }
  outcome:
    file: clini.csv
    kind: timeToEvent
    event: { column: DEAD, positive: ['1'], negative: ['0'] }
    time: { column: TIME, unit: days }
  modalities: { Clin: { kind: table, file: clini.csv, columns: { AGE: numeric }, others: ignore } }
cv: { folds: 2 }
`,
    );
    const { code, stdout, stderr } = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
    expect(code, stderr).toBe(0);
    const mixed = /14 times are 6\.22 or less, the other 46 are 237 or more: are these times of two units\?/;
    expect(stderr).toMatch(mixed);
    const run = runFolder(folder);
    expect(readFileSync(join(run, 'problems.csv'), 'utf8')).toMatch(mixed);
    const few = /The C of fold \d is computed from [12] comparable pairs? of test patients only\./;
    for (const told of [stdout, readFileSync(join(run, 'summary.md'), 'utf8')]) expect(told).toMatch(few);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
