import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunComparison } from '../../src/operators/evaluation/compare-runs.js';
import type { Prediction } from '../../src/operators/stage3/prediction-data.js';
import { delongTest } from '../../src/operators/stats/delong.js';
import { holmAdjusted } from '../../src/operators/stats/holm.js';
import { mcnemarTest } from '../../src/operators/stats/mcnemar.js';
import { main } from '../../src/pipeline/cli/program.js';
import { RunDirectory } from '../../src/pipeline/runs/run-directory.js';
import { predictionsCsv, readPredictions } from '../../src/pipeline/runs/run-predictions.js';
import { inventedPredictions, predicted } from '../support/invented-results.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';

const folds = 3;
const count = 90;
let runs = '';
let [out, err] = ['', ''];
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'haf-runs-'));
  [out, err] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(runs, { recursive: true });
});

const compare = async (...args: readonly string[]): Promise<unknown> => {
  [out, err] = ['', ''];
  await main(['node', 'haf-pipeline', 'compare', ...args, '--runs', runs]);
  return process.exitCode;
};
const compared = async (...args: readonly string[]): Promise<readonly RunComparison[]> => {
  await compare(...args, '--json');
  return (JSON.parse(out) as { comparisons: RunComparison[] }).comparisons;
};

const csv = (run: string, fold: number, method: string): string =>
  join(runs, run, 'folds', String(fold), method, 'predictions.csv');

/**
 * Makes a run directory with the predictions of each method in each fold. Runs of different names have
 * different predictions.
 */
function makeRun(
  run: string,
  methods: readonly string[],
  config: Changes = {},
  predictions = (method: string, fold: number): readonly Prediction[] =>
    inventedPredictions(`${run}/${method}`, fold, folds, count),
): void {
  const parsed = resolvedConfig({
    name: run,
    methods: [...methods],
    cv: { folds },
    stats: { bootstrap: 100 },
    ...config,
  });
  const place = { dataRoot: '/data', codeVersion: '0', host: 'h', node: 'v20' };
  new RunDirectory(runs, run).writeInfo({ state: 'succeeded', config: parsed, ...place });
  mkdirSync(join(runs, run, 'folds/0/stage1-WSI'), { recursive: true });
  for (const method of methods)
    for (let fold = 0; fold < folds * parsed.cv.repeats; fold++) {
      mkdirSync(dirname(csv(run, fold, method)), { recursive: true });
      writeFileSync(csv(run, fold, method), predictionsCsv(predictions(method, fold)));
    }
}

/** Test predictions of a method of `makeRun`, ordered by patient. */
const tested = (run: string, method: string): Prediction[] =>
  Array.from({ length: folds }, (_, fold) => inventedPredictions(`${run}/${method}`, fold, folds, count))
    .flat()
    .filter(({ split }) => split === 'test')
    .sort((a, b) => (a.patient < b.patient ? -1 : 1));

describe('compare', () => {
  it('tests every method that both runs have, on the same patients, as one family', async () => {
    makeRun('one', ['haf', 'ga', 'drop']);
    makeRun('two', ['ga', 'haf', 'ps3']);
    const got = await compared('one', 'two');
    expect(got.map(({ first, second }) => [first.run, first.method, second.run, second.method])).toEqual([
      ['one', 'haf', 'two', 'haf'],
      ['one', 'ga', 'two', 'ga'],
    ]);
    const raw = ['haf', 'ga'].map((method) => {
      const [a, b] = [tested('one', method), tested('two', method)];
      const right = ({ y, p }: Prediction): boolean => p >= 0.5 === (y === 1);
      const onlyFirst = a.filter((one, i) => right(one) && !right(b[i] as Prediction)).length;
      const onlySecond = b.filter((one, i) => right(one) && !right(a[i] as Prediction)).length;
      const delong = delongTest(
        a.map(({ y }) => y),
        a.map(({ logit }) => logit),
        b.map(({ logit }) => logit),
      );
      if (delong === null) throw new Error('both classes are there');
      return { delong, onlyFirst, onlySecond, accuracy: a.filter(right).length / count };
    });
    const adjusted = holmAdjusted(raw.map(({ delong }) => delong.p));
    for (const [i, { delong, onlyFirst, onlySecond, accuracy }] of raw.entries()) {
      const one = got[i];
      expect(one).toMatchObject({ patients: count, onlyFirst, onlySecond });
      expect(one?.first.auc).toBeCloseTo(delong.aucA, 12);
      expect(one?.second.auc).toBeCloseTo(delong.aucB, 12);
      expect(one?.first.accuracy).toBeCloseTo(accuracy, 12);
      expect(one?.accuracy.difference).toBeCloseTo(
        (one?.first.accuracy ?? 9) - (one?.second.accuracy ?? 0),
        12,
      );
      expect(one?.accuracy.p).toBeCloseTo(mcnemarTest(onlyFirst, onlySecond).exactP, 12);
      expect(one?.auc?.p).toBeCloseTo(delong.p, 12);
      expect(one?.auc?.adjusted).toBeCloseTo(adjusted[i] ?? 9, 12);
      expect(one?.auc?.ci95?.[0]).toBeLessThan(one?.auc?.difference ?? -9);
      expect(one?.auc?.ci95?.[1]).toBeGreaterThan(one?.auc?.difference ?? 9);
    }
    const again = await compared('one', 'two');
    expect(again).toEqual(got);
  });

  it('draws every pair its own resamples', async () => {
    // Methods `haf` and `ga` have the same predictions in each run. So their intervals can differ only by the bootstrap
    // draws.
    const same = (run: string) => (_: string, fold: number) =>
      inventedPredictions(`${run}/haf`, fold, folds, count);
    makeRun('one', ['haf', 'ga'], {}, same('one'));
    makeRun('two', ['haf', 'ga'], {}, same('two'));
    const [haf, ga] = await compared('one', 'two');
    expect(ga?.auc?.difference).toBe(haf?.auc?.difference);
    expect(ga?.auc?.ci95).not.toEqual(haf?.auc?.ci95);
  });

  it('prints a table of AUCs and one of accuracies', async () => {
    makeRun('one', ['haf', 'ga']);
    makeRun('two', ['ga', 'haf']);
    expect(await compare('one', 'two')).toBe(0);
    const lines = out.split('\n');
    expect(lines.slice(0, 3)).toEqual(['A: one', 'B: two', '90 test patients, the same in both']);
    expect(lines.filter((line) => /^haf +0\.\d{3} +0\.\d{3} +[+-]0\.\d{3} \[[+-]\d/.test(line))).toHaveLength(
      2,
    );
    expect(lines.at(-2)).toContain('McNemar, exact; adjusted by Holm over 2; intervals: 100 resamples');
    makeRun('plain', ['haf'], { stats: { bootstrap: 0, mcnemar: 'continuity' } });
    await compare('plain', 'one');
    expect(out).toContain('McNemar, continuity');
    expect(out).not.toContain('95 %');
    expect(out).not.toContain('resamples');
  });

  it('takes one method, two of two runs, or two of one run', async () => {
    makeRun('one', ['haf', 'ga']);
    makeRun('two', ['ga', 'haf']);
    const pairs = async (...args: readonly string[]) =>
      (await compared(...args)).map(
        ({ first, second }) => `${first.run} ${first.method}, ${second.run} ${second.method}`,
      );
    expect(await pairs('one', 'two', '--method', 'ga')).toEqual(['one ga, two ga']);
    expect(await pairs('one', 'two', '--methods', 'haf', 'ga')).toEqual(['one haf, two ga']);
    expect(await pairs('one', 'one', '--methods', 'haf', 'ga')).toEqual(['one haf, one ga']);
    expect(await compare('one', 'one', '--methods', 'haf', 'ga')).toBe(0);
    expect(out).toMatch(/^haf - ga +0\./m);
  });

  it('compares mean probabilities of a run with repeats against a run without', async () => {
    const patients = ['001', '002', '003', '004'];
    const fold = (k: number, p: readonly number[]): Prediction[] =>
      k % folds === 0 ? patients.map((id, i) => predicted(id, i < 2 ? 1 : 0, 0, { p: p[i] ?? 0 })) : [];
    // Mean scores of patients 001 to 004 over the two repeats: 0.7, 0.45, 0.4, 0.2. In the first repeat alone, patient
    // 002 has a lower score than 003 and 004, so the AUC is 0.5.
    makeRun('repeated', ['haf'], { cv: { folds, repeats: 2 } }, (_, k) =>
      fold(k, k === 0 ? [0.6, 0.1, 0.3, 0.2] : [0.8, 0.8, 0.5, 0.2]),
    );
    makeRun('once', ['haf'], {}, (_, k) =>
      fold(k, [0.6, 0.1, 0.3, 0.2]).map((one) => ({ ...one, logit: one.p })),
    );
    const [got] = await compared('repeated', 'once');
    expect([got?.first.auc, got?.second.auc]).toEqual([1, 0.5]);
    expect(got).toMatchObject({
      patients: 4,
      onlyFirst: 0,
      onlySecond: 0,
      accuracy: { p: null, adjusted: null },
    });
    expect(got?.accuracy.reason).toContain('no discordant pair');
  });

  it('refuses predictions over different patients and lists the difference', async () => {
    makeRun('one', ['haf']);
    makeRun('two', ['haf'], {}, (method, fold) =>
      inventedPredictions(`two/${method}`, fold, folds, count).filter(({ patient }) => patient > '007'),
    );
    expect(await compare('one', 'two')).toBe(65);
    expect(err).toContain(
      'HAF_SPLIT_INVALID "haf" of one and "haf" of two were not tested on the same patients.',
    );
    expect(err).toContain('tested only by "haf" of one: 7 (001, 002, 003, 004, 005, ...)');
    expect(err).toContain('tested only by "haf" of two: nobody');
    expect(out).toBe('');
  });

  it('refuses predictions of other outcomes', async () => {
    makeRun('one', ['haf']);
    makeRun('two', ['haf'], {}, (method, fold) =>
      inventedPredictions(`two/${method}`, fold, folds, count).map((one) =>
        one.patient === '004' || one.patient === '005' ? { ...one, y: one.y === 1 ? 0 : 1 } : one,
      ),
    );
    expect(await compare('one', 'two')).toBe(65);
    expect(err).toContain('different outcome: 2 (004, 005)');
  });

  it('copes with runs of one class', async () => {
    const living = (run: string) => (method: string, fold: number) =>
      inventedPredictions(`${run}/${method}`, fold, folds, count).map((one) => ({ ...one, y: 0 as const }));
    makeRun('one', ['haf'], {}, living('one'));
    makeRun('two', ['haf'], {}, living('two'));
    expect(await compare('one', 'two')).toBe(0);
    expect(out).toMatch(/^haf +- +- +- +- +-$/m);
    expect(out).toMatch(/^haf +0\.\d{3} +0\.\d{3} +[+-]/m);
  });

  it('tells of runs and methods that are not there', async () => {
    makeRun('one', ['haf', 'mdlm']);
    makeRun('two', ['ga']);
    expect(await compare('one', 'three')).toBe(64);
    expect(err).toMatch(/HAF_RUN_UNKNOWN There is no run "three".*\nfix: Runs here: (one, two|two, one)/);
    expect(await compare('one', 'two')).toBe(64);
    expect(err).toContain('No method has predictions in both runs: one has haf, mdlm, two has ga.');
    expect(await compare('one', 'two', '--methods', 'mldm', 'ga')).toBe(64);
    expect(err).toContain('one has no predictions of method "mldm"; did you mean "mdlm"?');
    expect(await compare('one', 'two', '--method', 'haf')).toBe(64);
    expect(err).toContain('Methods with predictions there: ga.');
  });

  it('refuses to compare a run with itself, and names that do not make a pair', async () => {
    makeRun('one', ['haf', 'ga']);
    expect(await compare('one', 'one')).toBe(64);
    expect(err).toContain('one would be compared with itself');
    expect(await compare('one', 'latest', '--methods', 'ga', 'ga')).toBe(64);
    expect(await compare('one', 'one', '--methods', 'ga')).toBe(64);
    expect(err).toContain('--methods takes two names');
    expect(await compare('one', 'one', '--method', 'ga', '--methods', 'ga', 'haf')).toBe(64);
  });

  it('takes the latest run of an experiment for "latest", on both sides', async () => {
    makeRun('one', ['haf', 'ga']);
    await sleep(5);
    makeRun('predict', ['haf']);
    expect(await compare('latest', 'latest', '--methods', 'haf', 'ga'), err).toBe(0);
  });

  it('names a predictions file that is damaged', async () => {
    makeRun('one', ['haf']);
    makeRun('two', ['haf']);
    const path = csv('two', 1, 'haf');
    const whole = readFileSync(path, 'utf8');
    for (const [damaged, where] of [
      [whole.replace(/^(003,\w+,[01],)[^,]*/m, '$1'), /line \d+, logit: the content is not in the format/],
      [
        whole.slice(0, -9),
        /line \d+.*: the content is not in the format|predictions\.csv: the content is not/,
      ],
      ['{', /predictions\.csv/],
      ['patient,split\n001,"test\n', /predictions\.csv: the content is not/],
    ] as const) {
      writeFileSync(path, damaged);
      expect(await compare('one', 'two')).toBe(65);
      expect(err).toMatch(/^HAF_TABLE_INVALID .*two\/folds\/1\/haf\/predictions\.csv/);
      expect(err).toMatch(where);
    }
  });
});

describe('predictions.csv', () => {
  it('is read as it was written', () => {
    const odd = [
      predicted('a,b', 1, -0.1234567890123456, { observed: false }),
      predicted('002', 0, 1e-9, { split: 'val' }),
    ];
    makeRun('one', ['haf'], {}, () => odd);
    expect(readPredictions(new RunDirectory(runs, 'one'), 'haf')).toEqual(
      [0, 1, 2].map((fold) => ({ fold, predictions: odd })),
    );
  });
});
