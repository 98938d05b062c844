import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import {
  comparisonsCsv,
  comparisonsLatex,
  comparisonsMarkdown,
} from '../../src/operators/evaluation/comparison-tables.js';
import { summaryFile, summarySchema, type Summary } from '../../src/operators/evaluation/summary-data.js';
import { summaryText } from '../../src/pipeline/cli/summary-text.js';
import { configSchema, type ConfigInput } from '../../src/pipeline/config/schema.js';
import {
  evaluatedAll,
  inventedCohort,
  inventedPredictions,
  inventedRobustness,
  stage3Artifact,
} from '../support/invented-results.js';
import { runStage } from '../support/run-stage.js';

const folds = 3;
async function files(
  methods: NonNullable<ConfigInput['methods']>,
  more: Partial<ConfigInput> = {},
): Promise<Readonly<Record<string, Uint8Array | object>>> {
  const stage3 = methods.flatMap((method) =>
    Array.from({ length: folds }, (_, fold) =>
      stage3Artifact(method, fold, inventedPredictions(method, fold, folds, 60)),
    ),
  );
  const { output } = await runStage(aggregate, {
    config: { methods, cv: { folds }, stats: { bootstrap: 20 }, ...more },
    inputs: { cohort: [inventedCohort(60)], stage3, evaluate: await evaluatedAll(stage3) },
  });
  return output.files;
}
const text = (file: Uint8Array | object | undefined): string => new TextDecoder().decode(file as Uint8Array);
const table = (csv: string): string[][] =>
  csv
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));

const accuracy = {
  difference: -0.0125,
  ci95: [-0.05, 0.025] as [number, number],
  p: 0.0078,
  adjusted: 0.0156,
};
const auc = {
  difference: 0.031,
  ci95: [0.004, 0.06] as [number, number],
  z: 4.5,
  p: 6.8e-6,
  adjusted: 1.36e-5,
};
const paired = { method: 'haf', patients: 699, onlyFirst: 20, onlySecond: 29, accuracy };

const why = 'Fewer than two deceased patients in fold 1';

describe('the tables of comparisons', () => {
  /** The summary of a run, with the given comparisons in place of the computed ones. */
  const summaryOf = async (comparisons: Summary['comparisons']): Promise<Summary> => ({
    ...summarySchema.parse((await files(['haf', 'ps3', 'mdlm']))[summaryFile]),
    comparisons,
  });
  const config = configSchema.parse({ name: 'test' });

  it('say what was tested and how, once for accuracies and once for AUCs', async () => {
    const summary = await summaryOf([
      { ...paired, other: 'ps3', auc },
      { ...paired, other: 'mdlm', auc: null },
    ]);
    const lines = comparisonsMarkdown(summary, config).split('\n');
    expect(lines[0]).toBe(
      'Accuracy of HAF minus that of others, 699 patients: exact McNemar test, p adjusted by Holm over 2 tests. Bootstrap intervals: 2000 resamples of patients.',
    );
    expect(lines).toContain('| PS3 | -0.013 [-0.050, 0.025] | 20 | 29 | 0.00780 | 0.01560 |');
    expect(
      lines.some((line) => /^AUC of HAF .* DeLong's test on the test predictions of all folds/.test(line)),
    ).toBe(true);
    expect(lines).toContain('| PS3 | 0.031 [0.004, 0.060] | 4.500 | < 0.00001 | 0.00001 |');
    expect(lines).toContain('| MDLM | - | - | - | - |');
    const latex = comparisonsLatex(summary, config);
    expect(latex).toContain('PS3 & $-$0.013 [$-$0.050, 0.025] & 20 & 29 & 0.00780 & 0.01560 \\\\');
    expect(latex).toContain('& $<$ 0.00001 &');
    expect(latex.match(/\\begin\{tabular\}/g)).toHaveLength(2);
  });

  it('name the tests that the experiment asked for', async () => {
    const summary = await summaryOf([{ ...paired, other: 'ps3', auc }]);
    const caption = (more: Partial<ConfigInput>): string =>
      comparisonsMarkdown(summary, configSchema.parse({ name: 'test', ...more }));
    expect(caption({ stats: { mcnemar: 'continuity' } })).toContain('(chi-square, continuity correction)');
    expect(caption({ stats: { pooling: 'foldMean' } })).toContain('in each fold, differences averaged');
    expect(caption({ stats: { pooling: 'foldMean' }, cv: { repeats: 5 } })).toContain('mean probability');
    const plain = caption({ stats: { bootstrap: 0 } });
    expect(plain).not.toContain('Bootstrap');
    expect(plain).not.toContain('95 % CI');
  });

  it('mark a number that is not defined and give the reason below the table', async () => {
    const undefinedP = { ...accuracy, p: null, adjusted: null, reason: 'No discordant pair.' };
    const summary = await summaryOf([
      { ...paired, other: 'ps3', auc: { ...auc, z: null, p: null, adjusted: null, reason: 'No variance.' } },
      { ...paired, accuracy: undefinedP, other: 'mdlm', auc: null, aucReason: why },
      { ...paired, other: 'mfmf', auc: null, aucReason: why },
      { ...paired, other: 'bilinear', auc: { ...auc, reason: 'Fold 3 is left out.' } },
    ]);
    const lines = comparisonsMarkdown(summary, config).split('\n');
    expect(lines[0]).toContain('Holm over 3 tests');
    expect(lines).toContain('| MDLM | -0.013 [-0.050, 0.025] | 20 | 29 | -¹ | -¹ |');
    expect(lines).toContain('¹ No discordant pair.');
    expect(lines.some((line) => /^AUC of HAF .* Holm over 1 test\./.test(line))).toBe(true);
    expect(lines).toContain('| PS3 | 0.031 [0.004, 0.060] | -¹ | -¹ | -¹ |');
    expect(lines).toContain('| MDLM | -² | -² | -² | -² |');
    expect(lines).toContain('| mfmf | -² | -² | -² | -² |');
    expect(lines).toContain('| bilinear | 0.031 [0.004, 0.060]³ | 4.500 | < 0.00001 | 0.00001 |');
    expect(lines.filter((line) => /^[¹²³] /.test(line))).toEqual([
      '¹ No discordant pair.',
      '¹ No variance.',
      `² ${why}`,
      '³ Fold 3 is left out.',
    ]);
    const latex = comparisonsLatex(summary, config);
    const dash = '-\\textsuperscript{2}';
    expect(latex).toContain(`MDLM & ${dash} & ${dash} & ${dash} & ${dash} \\\\`);
    expect(latex).toContain(`\\end{tabular}\n\\par{\\footnotesize \\textsuperscript{1} No variance.}`);
    expect(latex).toContain(`\\par{\\footnotesize \\textsuperscript{2} ${why}}`);
  });

  it('have every number at full precision as CSV', async () => {
    const summary = await summaryOf([
      { ...paired, other: 'ps3', auc },
      { ...paired, other: 'mdlm', auc: null, aucReason: why },
    ]);
    const [header = [], ps3 = [], mdlm = []] = table(comparisonsCsv(summary));
    expect(ps3).toHaveLength(header.length);
    expect(mdlm).toHaveLength(header.length);
    const cell = (row: readonly string[], name: string) => row[header.indexOf(name)];
    expect(Object.fromEntries(header.map((name, i) => [name, ps3[i]]))).toEqual({
      ...{ method: 'haf', other: 'ps3', patients: '699', onlyFirst: '20', onlySecond: '29' },
      ...{ accuracyDifference: '-0.0125', accuracyLow95: '-0.05', accuracyHigh95: '0.025' },
      ...{ accuracyP: '0.0078', accuracyAdjustedP: '0.0156' },
      ...{ aucDifference: '0.031', aucLow95: '0.004', aucHigh95: '0.06' },
      ...{ aucZ: '4.5', aucP: '0.0000068', aucAdjustedP: '0.0000136' },
      ...{ accuracyReason: '', aucReason: '' },
    });
    expect([cell(mdlm, 'aucDifference'), cell(mdlm, 'aucAdjustedP')]).toEqual(['', '']);
    expect(cell(mdlm, 'aucReason')).toBe(why);
  });

  it('are written only where there are comparisons', async () => {
    const names = (of: object): string[] => Object.keys(of).filter((name) => name.startsWith('comparisons.'));
    expect(names(await files(['haf', 'ps3']))).toEqual([
      'comparisons.csv',
      'comparisons.md',
      'comparisons.tex',
    ]);
    expect(names(await files(['haf', 'blood']))).toEqual([]);
  });
});

describe('robustness.csv', () => {
  it('has a line for every fold of every curve and every modality, of methods with embeddings', async () => {
    const [header, ...rows] = table(text((await files(['haf', 'blood', 'ga']))['robustness.csv']));
    expect(header).toEqual(['method', 'hidden', 'rho', 'modality', 'fold', 'auc', 'accuracy']);
    expect(rows).toHaveLength(2 * folds * (11 + 2 + 2));
    const { drop, withoutOne } = inventedRobustness(2);
    expect(rows).toContainEqual([
      'ga',
      'drop',
      '0.4',
      '',
      '2',
      String(drop[4]?.auc),
      String(drop[4]?.accuracy),
    ]);
    const one = withoutOne[1];
    expect(rows).toContainEqual([
      'haf',
      'withoutOne',
      '',
      'Blood',
      '2',
      String(one?.auc),
      String(one?.accuracy),
    ]);
    expect(rows.filter(([, hidden]) => hidden === 'onlyOne')).toHaveLength(2 * folds * 2);
  });

  it('is not there without such a method', async () => {
    expect(Object.keys(await files(['blood']))).not.toContain('robustness.csv');
  });
});

describe('the result table on a terminal', () => {
  const shown = async (of: Promise<Readonly<Record<string, Uint8Array | object>>>): Promise<string> => {
    const summary = summarySchema.parse((await of)[summaryFile]);
    return summaryText({
      ...{ run: 'test-1', backend: 'cpu', invented: false, ...summary },
      rows: summary.rows.map((row) => ({ ...row, seconds: 1 })),
    });
  };

  it('shows skipped rows with their reason and numbers that the paper quotes', async () => {
    const lines = (
      await shown(files(['tma_clam', 'blood'], { modalities: ['TMA'], cohort: { require: [] } }))
    ).split('\n');
    expect(lines[1]).toMatch(/^TMA-CLAM .*\(quoted\)$/);
    expect(lines[2]).toMatch(/^Blood +skipped +- +- +-$/);
    expect(lines[3]).toBe(
      'Blood skipped: needs the table Blood, which the experiment does not have (tables: none)',
    );
  });

  it('ends with a line for each comparison', async () => {
    const lines = (await shown(files(['haf', 'ps3', 'mdlm']))).split('\n');
    expect(lines.at(-2)).toMatch(
      /^HAF against PS3: AUC [+-]\d\.\d{3} \[-?\d\.\d{3}, -?\d\.\d{3}\], adjusted p [01]\.\d{4}$/,
    );
    expect(lines.at(-1)).toMatch(/^HAF against MDLM: /);
    const alone = (await shown(files(['haf']))).split('\n');
    expect(alone.at(-8)).toMatch(/^calibrated on validation patients +map +accuracy +after +Brier +after /);
    expect(alone.at(-7)).toMatch(/^HAF +(platt|none \d, platt \d) +0\.\d{3} /);
    expect(alone.at(-5)).toMatch(/^60 patients, \d+ deceased; /);
    expect(alone.at(-4)).toMatch(/^paper: Heterogeneous Aligned Fusion /);
    expect(alone.at(-2)).toMatch(/^Recommended by validation patients: HAF, .* It is the only method/);
    expect(alone.at(-1)).toMatch(
      /^Its test patients: AUC 0\.\d{3} ± .*, pooled 0\.\d{3} \[0\.\d{3}, .*\]\.$/,
    );
  });
});
