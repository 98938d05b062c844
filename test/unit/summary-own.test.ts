import { describe, expect, it } from 'vitest';
import type { SummaryRow, Summary } from '../../src/operators/evaluation/summary-data.js';
import { csvTable, latexTable, markdownTable } from '../../src/operators/evaluation/summary-tables.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { rowGroups } from '../../src/operators/report/row-groups.js';

const spread = { mean: 0.5, std: 0.1, folds: 2 };
const classes = {
  ...{ accuracy: spread, balancedAccuracy: spread, sensitivity: spread, specificity: spread },
};
const rowOf = (method: string): SummaryRow => ({
  ...{
    method,
    title: methodOf(method).title,
    folds: 2,
    paper: null,
    robustness: null,
    repeats: null,
    notes: [],
  },
  ...{ accuracy: spread, balancedAccuracy: spread, sensitivity: spread, specificity: spread },
  ...{ auc: spread, brier: spread, ece: spread, observedAuc: spread },
  pooledAuc: { value: 0.5, ci95: [0.4, 0.6] },
  calibration: { ece: 0.1, bins: [] },
  calibrated: {
    ...{ ...classes, atThreshold: classes, threshold: spread, brier: spread, ece: spread },
    maps: [{ kind: 'platt', folds: 2 }],
    pooledAuc: { value: 0.5, ci95: [0.4, 0.6] },
    reliability: { ece: 0.1, bins: [] },
  },
});
const summaryOf = (...methods: readonly string[]): Summary => ({
  outcome: { positive: 'dead', negative: 'alive', column: 'status' },
  cohort: { patients: 10, positive: 4, majority: 0.6 },
  ...{ paper: null, rows: methods.map(rowOf), comparisons: [], recommended: null, subgroups: [] },
  skipped: [{ method: 'cox_ridge', title: methodOf('cox_ridge').title, reason: 'needs times' }],
  ...{ schedule: 'staged', preset: 'paper', seed: 1 },
});
const titles = (table: string, line: RegExp) =>
  (table.split('\n\n')[0] ?? '').split('\n').flatMap((own) => line.exec(own)?.[1]?.trim() ?? []);

describe('rows of this repository', () => {
  const summary = summaryOf('ridge', 'haf', 'haf_signed', 'ga');
  const apart = [
    'HAF',
    'Global Alignment',
    '',
    'Ridge logistic on the tables',
    'HAF with signed alignment',
    'Ridge Cox on the tables',
  ];

  it('stand below the others in Markdown, after an empty row', () => {
    expect(titles(markdownTable(summary), /^\| ([^|]*) \|/).slice(2)).toEqual(apart);
  });

  it('stand below a rule in LaTeX', () => {
    const lines = latexTable(summary).split('\n');
    const from = lines.indexOf('\\midrule');
    const body = lines.slice(from + 1, lines.indexOf('\\bottomrule'));
    expect(body.map((line) => (line === '\\midrule' ? '' : line.split(' & ')[0]))).toEqual(apart);
  });

  it('are told in a column of the CSV, in whatever order', () => {
    const [header = '', ...lines] = csvTable(summary).trimEnd().split('\n');
    const names = header.split(',');
    expect(lines.map((line) => [line.split(',')[0], line.split(',')[names.indexOf('own')]])).toEqual([
      ['ridge', 'yes'],
      ['haf', 'no'],
      ['haf_signed', 'yes'],
      ['ga', 'no'],
      ['cox_ridge', 'yes'],
    ]);
  });

  it('have groups of their own in the report', () => {
    const groups = rowGroups(summary).map(({ title, rows }) => [title, rows.map(({ method }) => method)]);
    expect(groups).toEqual([
      ['Fusion of modalities', ['haf', 'ga']],
      ['Fusion of our own', ['haf_signed']],
      ['Classical models', ['ridge']],
    ]);
  });

  it('alone need no line', () => {
    expect(titles(markdownTable(summaryOf('ridge')), /^\| ([^|]*) \|/).slice(2)).toEqual([
      ...['Ridge logistic on the tables', 'Ridge Cox on the tables'],
    ]);
  });
});
