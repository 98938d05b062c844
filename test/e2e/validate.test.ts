import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCohort } from '../../src/operators/synthetic/make-cohort.js';
import { validationSchema, type Validation } from '../../src/operators/validation/validation-data.js';
import { cli, type CliResult } from '../support/cli.js';
import { workFolder } from '../support/small-cohort.js';

let [folder, external] = ['', ''];

/**
 * A cohort of another seed, with the ids 501, 502 and so on. It has no TMA, because this function does not
 * change the ids inside of TMA archives.
 */
async function otherCohort(): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), 'haf-external-'));
  await makeCohort({ out, patients: 60, seed: 11, width: 24 });
  const renamed = (id: string): string => `5${id.slice(1)}`;
  for (const name of readdirSync(out).filter((file) => file.endsWith('.csv')))
    writeFileSync(
      join(out, name),
      readFileSync(join(out, name), 'utf8').replaceAll(/^0\d\d(?=,)/gm, (id) => renamed(id)),
    );
  for (const name of readdirSync(join(out, 'wsi')))
    renameSync(
      join(out, 'wsi', name),
      join(
        out,
        'wsi',
        name.replace(/0\d\d(?=[_.])/, (id) => renamed(id)),
      ),
    );
  rmSync(join(out, 'tma'), { recursive: true });
  return out;
}

const validate = (data: string, out: string, ...more: readonly string[]): Promise<CliResult> =>
  cli(['validate', 'model.haf', '--data', data, '-o', out, '--no-broker', ...more], folder);

const read = (out: string, name: string): string => readFileSync(join(folder, out, name), 'utf8');
const resultIn = (out: string): Validation =>
  validationSchema.parse(JSON.parse(read(out, 'validation.json')));

/** Changes the column of the outcome of the external cohort. */
function editOutcome(change: (line: string, at: number) => string): () => void {
  const path = join(external, 'targets.csv');
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, before.split('\n').map(change).join('\n'));
  return () => {
    writeFileSync(path, before);
  };
}

beforeAll(async () => {
  folder = await workFolder({ methods: ['haf'], train: { epochs: 2, batch: 16 } });
  external = await otherCohort();
  const up = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
  expect(up.code, up.stderr).toBe(0);
  const args = ['bundle', 'latest', '--method', 'haf', '-o', 'model.haf', '--no-broker'];
  const bundled = await cli(args, folder);
  expect(bundled.code, bundled.stderr).toBe(0);
}, 300_000);

afterAll(() => {
  for (const one of [folder, external]) rmSync(one, { recursive: true, force: true });
});

it('compares a bundle with the outcomes of another cohort', async () => {
  const { code, stdout, stderr } = await validate(
    external,
    'out',
    '--by',
    'sex',
    '--by',
    'age_at_initial_diagnosis',
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/AUC +[\d.-]+ +0\.\d{3} +0\.\d{3} to [01]\.\d{3}/);

  const found = resultIn('out');
  expect(found.patients).toMatchObject({ predicted: 60, validated: 60, withoutOutcome: [] });
  const metric = (id: string) => found.metrics.find((one) => one.id === id);
  const [auc, brier] = [metric('auc'), metric('brier')];
  expect(auc?.internal).not.toBeNull();
  expect(brier?.internal).not.toBeNull();

  // Computes AUC and Brier score independently from the table of predictions.
  const lines = read('out', 'predictions.csv').trim().split('\n').slice(1);
  const rows = lines.map((line) => line.split(',')).map(([, y, , p]) => ({ y: Number(y), p: Number(p) }));
  const [dead, alive] = [rows.filter(({ y }) => y === 1), rows.filter(({ y }) => y === 0)];
  const wins = dead.flatMap((a) => alive.map((b) => (a.p > b.p ? 1 : a.p === b.p ? 0.5 : 0) as number));
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(auc?.external).toBeCloseTo(mean(wins), 9);
  expect(brier?.external).toBeCloseTo(mean(rows.map(({ y, p }) => (p - y) ** 2)), 9);

  expect(found.decision).toHaveLength(99);
  expect(found.calibration.reduce((sum, { patients }) => sum + patients, 0)).toBe(60);
  expect(found.riskGroups?.groups.map(({ patients }) => patients)).toEqual([30, 30]);
  const sexes = found.subgroups.filter(({ by }) => by === 'sex');
  expect(sexes.length).toBeGreaterThan(1);
  expect(found.subgroups.some(({ by }) => by === 'modalities')).toBe(true);
  for (const { patients, reason, external: value } of found.subgroups)
    if (patients === null) expect([reason, value]).toEqual(['suppressed: fewer than 10 patients', null]);
  const inputs = found.shift.map(({ modality, input }) => `${modality}.${input}`);
  expect(inputs).toContain('WSI.mean instance');
  const age = found.shift.find(({ input }) => input === 'age_at_initial_diagnosis');
  expect(age?.smd).toBeCloseTo(
    ((age?.externalMean as number) - (age?.trainingMean as number)) /
      Math.sqrt(((age?.externalSd as number) ** 2 + (age?.trainingSd as number) ** 2) / 2),
    9,
  );

  const page = read('out', 'validation.html');
  expect(page.match(/<svg/g)).toHaveLength(4);
  expect(page).not.toContain('<script');
  expect(page).not.toMatch(/(src|href)="http/);
  for (const name of [
    'validation.csv',
    'calibration.csv',
    'decision-curve.csv',
    'shift.csv',
    'subgroups.csv',
  ])
    expect(read('out', name).split('\n').length).toBeGreaterThan(5);
}, 120_000);

it('validates after the run on the cohorts of role external, and asks for their files before it', async () => {
  const text = readFileSync(join(folder, 'experiment.yaml'), 'utf8');
  const withCohorts = (file: string) =>
    `${text}cohorts:\n  - { role: train }\n  - { role: external, name: elsewhere, file: ${file}, by: [sex] }\n`;
  writeFileSync(join(folder, 'two.yaml'), withCohorts('elsewhere.yaml'));
  const args = ['up', '-c', 'two.yaml', '--no-broker'];
  const missing = await cli(args, folder);
  expect(missing.code).toBe(78);
  expect(missing.stderr).toContain('elsewhere.yaml does not exist');

  writeFileSync(
    join(folder, 'elsewhere.yaml'),
    `name: elsewhere\nmodalities: [WSI, Clin, Path, Blood, ICD, Cell]\ndata: { root: '${external}', modalities: { WSI: { width: 24 } } }\ncohort: { require: [] }\n`,
  );
  const { code, stdout, stderr } = await cli(args, folder);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('haf on elsewhere:');
  expect(stdout).toMatch(/AUC +[\d.-]+ +0\.\d{3} +0\.\d{3} to [01]\.\d{3}/);
  const runs = readdirSync(join(folder, 'runs'), { recursive: true, encoding: 'utf8' });
  expect(runs.filter((name) => name.endsWith('haf.haf'))).toHaveLength(1);
  const where = runs.find((name) => name.endsWith('external/elsewhere/haf/validation.json')) as string;
  const found = validationSchema.parse(JSON.parse(readFileSync(join(folder, 'runs', where), 'utf8')));
  expect(found.patients).toMatchObject({ predicted: 60, validated: 60 });
  // The metrics of this validation by `up` equal those of the separate commands `bundle` and `validate`.
  expect(found.metrics).toEqual(resultIn('out').metrics);
}, 300_000);

it('validates a model of survival times by times', async () => {
  const own = await workFolder({
    methods: ['haf'],
    data: { outcome: { kind: 'timeToEvent' } },
    train: { epochs: 2, batch: 16 },
  });
  try {
    const run = async (...args: readonly string[]): Promise<CliResult> => {
      const ended = await cli([...args, '--no-broker'], own);
      expect(ended.code, ended.stderr).toBe(0);
      return ended;
    };
    await run('up', '-c', 'experiment.yaml');
    await run('bundle', 'latest', '--method', 'haf', '-o', 'model.haf');
    const { stdout } = await run('validate', 'model.haf', '--data', external, '-o', 'out', '--by', 'sex');
    expect(stdout).toMatch(/Harrell's C +[\d.-]+ +0\.\d{3}/);
    const text = (name: string): string => readFileSync(join(own, 'out', name), 'utf8');
    const found = validationSchema.parse(JSON.parse(text('validation.json')));
    expect(found.patients).toMatchObject({ predicted: 60, validated: 60, withoutOutcome: [] });
    const external60 = (id: string): number | null | undefined =>
      found.metrics.find((metric) => metric.id === id)?.external;

    // Computes C and calibration-in-the-large independently from the table of predictions.
    const [header = '', ...lines] = text('predictions.csv').trim().split('\n');
    const names = header.split(',');
    expect(names.slice(1, 6)).toEqual(['y', 'follow_up_days', 'event_by_2y', 'event_by_3y', 'event_by_5y']);
    const rows = lines.map((line) => {
      const [, y, days, two, , five] = line.split(',').map(Number);
      return { y: y as number, days: days as number, two: two as number, five: five as number };
    });
    const pairs = rows.flatMap((a) =>
      a.y === 0
        ? []
        : rows
            .filter((b) => b.days > a.days || (b.days === a.days && b.y === 0))
            .map((b) => (a.five > b.five ? 1 : a.five === b.five ? 0.5 : 0)),
    );
    expect(external60('c')).toBeCloseTo(pairs.reduce((sum: number, won) => sum + won, 0) / pairs.length, 9);
    const deaths = [...new Set(rows.filter(({ y }) => y === 1).map(({ days }) => days))];
    const alive = deaths
      .filter((day) => day <= 2 * 365.25)
      .reduce((share, day) => {
        const died = rows.filter(({ y, days }) => y === 1 && days === day).length;
        return share * (1 - died / rows.filter(({ days }) => days >= day).length);
      }, 1);
    const expected = rows.reduce((sum, { two }) => sum + two, 0) / rows.length;
    expect(external60('observed_to_expected_2y')).toBeCloseTo((1 - alive) / expected, 9);

    expect(found.riskGroups?.groups.map(({ patients }) => patients)).toEqual([30, 30]);
    expect(found.subgroups.filter(({ by }) => by === 'sex').length).toBeGreaterThan(1);
    expect(found.shift.map(({ input }) => input)).toContain('age_at_initial_diagnosis');
    for (const { id, external: value, reason } of found.metrics)
      expect([id, value === null], String(reason)).toEqual([id, reason !== null]);
    const page = text('validation.html');
    expect(page).toContain('Harrell');
    expect(page).not.toMatch(/\bNaN\b|>\s*undefined/);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}, 300_000);

it('reports what one outcome leaves defined', async () => {
  const restore = editOutcome((line, at) =>
    at === 0 ? line : line.replace(',living,living,', ',deceased,deceased tumor specific,'),
  );
  const { code, stderr } = await validate(external, 'one-class');
  restore();
  expect(code, stderr).toBe(0);
  const { metrics, calibration, decision } = resultIn('one-class');
  const metric = (id: string) => metrics.find((one) => one.id === id);
  expect(metric('auc')).toMatchObject({
    external: null,
    low: null,
    reason: 'all 60 patients are "deceased"',
  });
  expect(metric('calibration_slope')?.reason).toBe('all 60 patients are "deceased"');
  expect(metric('specificity_at_half')?.external).toBeNull();
  expect(metric('brier')?.external).toBeGreaterThan(0);
  expect(metric('sensitivity_at_half')?.external).not.toBeNull();
  expect([calibration.length > 0, decision.length]).toEqual([true, 99]);
}, 120_000);

it('names what is missing', async () => {
  const noColumn = editOutcome((line, at) => (at === 0 ? line.replace('survival_status,', 'status,') : line));
  const { code, stderr } = await validate(external, 'no-column');
  noColumn();
  expect([code, stderr.includes('survival_status')], stderr).toEqual([65, true]);

  const otherIds = editOutcome((line) => line.replace(/^5/, '9'));
  const strangers = await validate(external, 'no-overlap');
  otherIds();
  expect(strangers.code).not.toBe(0);
  expect(strangers.stderr).toContain('None of the 60 predicted patients ("501"');

  const absent = await validate(external, 'absent', '--by', 'sexx');
  expect([absent.code, absent.stderr.includes('Did you mean "sex"?')], absent.stderr).toEqual([64, true]);

  const path = join(external, 'targets.csv');
  const before = readFileSync(path);
  rmSync(path);
  const noTable = await validate(external, 'no-table');
  writeFileSync(path, before);
  expect(noTable.code).not.toBe(0);
  expect(noTable.stderr).toContain('The outcome table targets.csv is not in');

  // `validate` refuses patients of the training, as `predict` does.
  const known = await validate('data', 'known');
  expect(known.code).not.toBe(0);
  expect(known.stderr).toContain('were in the training of the model');
}, 300_000);
