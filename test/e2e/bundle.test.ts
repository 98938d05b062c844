import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { predictedSchema, type Predicted } from '../../src/operators/bundle/predicted-data.js';
import { cli } from '../support/cli.js';
import { workFolder } from '../support/small-cohort.js';

/**
 * Methods of all kinds that can be bundled. Covers frozen weights, too: `mdlm` has a frozen layer, and the maps of
 * tables are frozen.
 */
const methods = [
  'haf',
  'clip',
  'mdlm',
  'tma_clam',
  'wsi_tma_clam',
  'blood',
  'haf_attached',
  'haf_signed',
  'ridge',
  'forest',
  'stack',
];

const runOf = (folder: string): string =>
  readdirSync(join(folder, 'runs')).find((name) => name.startsWith('small-')) ?? '';

/** The test predictions of every fold in the files of a run: one record for each line. */
function tested(
  folder: string,
  method: string,
): readonly { readonly fold: number; readonly line: Record<string, string> }[] {
  const folds = join(folder, 'runs', runOf(folder), 'folds');
  return readdirSync(folds).flatMap((fold) => {
    const [header = '', ...lines] = readFileSync(join(folds, fold, method, 'predictions.csv'), 'utf8')
      .trim()
      .split('\n');
    return lines
      .map((line) => Object.fromEntries(line.split(',').map((cell, i) => [header.split(',')[i] ?? '', cell])))
      .filter(({ split }) => split === 'test')
      .map((line) => ({ fold: Number(fold), line }));
  });
}

async function bundled(folder: string, method: string): Promise<void> {
  const { code, stderr } = await cli(
    ['bundle', 'latest', '--method', method, '-o', `${method}.haf`, '--no-broker'],
    folder,
  );
  expect(code, stderr).toBe(0);
}

async function predicted(folder: string, method: string, ...more: readonly string[]): Promise<Predicted> {
  const out = `out-${method}-${more.length}`;
  const args = [
    'predict',
    `${method}.haf`,
    '--data',
    'data',
    '-o',
    out,
    ...['--trained-patients', '--patients', 'data/targets.csv'],
    '--no-broker',
    ...more,
  ];
  const { code, stderr } = await cli(args, folder);
  expect(code, stderr).toBe(0);
  return predictedSchema.parse(JSON.parse(readFileSync(join(folder, out, 'predictions.json'), 'utf8')));
}

describe('a bundle predicts what its run predicted', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await workFolder({
      methods: [...methods, 'mfmf'],
      tabular: { transfer: 'frozenRandom' },
      mdlm: { combine: 'frozenConcat' },
      mil: { transfer: 'linear' },
      train: { epochs: 2, batch: 16 },
    });
    const { code, stderr } = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
    expect(code, stderr).toBe(0);
  }, 300_000);

  it.each(methods)(
    '%s, bit for bit',
    async (method) => {
      await bundled(folder, method);
      const { patients } = await predicted(folder, method);
      const byId = new Map(patients.map((patient) => [patient.patient, patient]));
      let compared = 0;
      for (const { fold, line } of tested(folder, method)) {
        const [first = NaN, second] = byId.get(line['patient'] ?? '')?.outputs[fold] ?? [];
        const logit = second === undefined ? first : second - first;
        expect([line['patient'], logit]).toEqual([line['patient'], Number(line['logit'])]);
        if (line['observed'] === 'true') compared++;
      }
      expect(compared).toBeGreaterThan(10);
    },
    120_000,
  );

  it('mfmf, to the last digits: a run scores packs of patients, a bundle one patient after the other', async () => {
    await bundled(folder, 'mfmf');
    const { patients } = await predicted(folder, 'mfmf');
    const byId = new Map(patients.map((patient) => [patient.patient, patient]));
    const lines = tested(folder, 'mfmf');
    expect(lines.length).toBeGreaterThan(10);
    for (const { fold, line } of lines) {
      const [logit = NaN] = byId.get(line['patient'] ?? '')?.outputs[fold] ?? [];
      expect(Math.abs(logit - Number(line['logit']))).toBeLessThan(1e-6);
    }
    const { contributions } = patients.find(({ modalities }) => modalities.length > 1) ?? {};
    expect(Object.values(contributions ?? {}).some((value) => value !== null && value !== 0)).toBe(true);
  }, 120_000);

  it('gives the same predictions in several parts', async () => {
    const [one, three] = [await predicted(folder, 'haf'), await predicted(folder, 'haf', '--parts', '3')];
    expect(three.patients.map(({ patient }) => patient)).toEqual(one.patients.map(({ patient }) => patient));
    three.patients.forEach(({ probabilities }, i) =>
      probabilities?.forEach((p, fold) =>
        expect(p).toBeCloseTo(one.patients[i]?.probabilities?.[fold] as number, 6),
      ),
    );
  }, 120_000);
});

it('a bundle of time-to-event gives the curves of its run', async () => {
  const folder = await workFolder({
    methods: ['haf', 'cox_ridge', 'kaplan_meier'],
    data: { outcome: { kind: 'timeToEvent' } },
    survival: { loss: 'cox' },
    train: { epochs: 2, batch: 16 },
  });
  const { code, stderr } = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
  expect(code, stderr).toBe(0);
  for (const method of ['haf', 'cox_ridge', 'kaplan_meier']) {
    await bundled(folder, method);
    const { patients, outcome } = await predicted(folder, method);
    expect(outcome.kind).toBe('timeToEvent');
    const byId = new Map(patients.map((patient) => [patient.patient, patient]));
    for (const { fold, line } of tested(folder, method)) {
      const own = byId.get(line['patient'] ?? '');
      // All three methods have one output, the risk. The run writes it into the column `risk` of its predictions.
      expect([method, line['patient'], own?.outputs[fold]]).toEqual([
        method,
        line['patient'],
        [Number(line['risk'])],
      ]);
      const curve = own?.survival?.map((of) => of[fold] as number) ?? [];
      expect(curve).toHaveLength(outcome.horizons.length);
      expect(curve.every((s, i) => s >= 0 && s <= (curve[i - 1] ?? 1))).toBe(true);
    }
  }
}, 300_000);
