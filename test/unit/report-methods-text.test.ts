import { describe, expect, it } from 'vitest';
import { methodsText } from '../../src/operators/report/methods-text.js';
import { titlesOf } from '../../src/operators/report/overview.js';
import type { OutcomeWords } from '../../src/operators/cohort/cohort-data.js';
import type { ReportInput } from '../../src/operators/report/report-input.js';
import { significanceSection } from '../../src/operators/report/significance-section.js';
import { paperMethodIds as methodIds } from '../../src/operators/paper/paper-results.js';
import type { Comparison } from '../../src/operators/evaluation/summary-data.js';
import { hancockWords } from '../support/invented-cohort.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';

/** The text below a heading of the methods section, for an experiment with these rows and an invented run. */
function textOf(
  heading: string,
  changes: Changes,
  methods: readonly string[] = methodIds,
  outcome: Partial<OutcomeWords> = {},
): string {
  const config = resolvedConfig(changes);
  const input = {
    config,
    modalities: config.modalities,
    summary: {
      rows: methods.map((method) => ({ method })),
      cohort: { patients: 60, positive: 16 },
      comparisons: [],
    },
    flow: [{ step: 'labelled', patients: 63, positive: 17 }],
    outcome: { ...hancockWords, ...outcome },
    titles: titlesOf(config),
    splitHash: null,
    foldGroups: [],
    training: [],
    images: { features: [] },
  } as unknown as ReportInput;
  return methodsText(input).find((paragraph) => paragraph.heading === heading)?.text ?? '';
}

/** A cohort with `layout: own` and these modalities. */
const own = (modalities: Readonly<Record<string, object>>): Changes => ({
  data: {
    layout: 'own',
    outcome: {
      file: 'clini.csv',
      event: { column: 'RELAPSE', positive: ['yes'], negative: ['no'] },
    },
    modalities,
  },
});
const clin = { kind: 'table', title: 'clinical data', file: 'clini.csv' };
const rna = { kind: 'table', file: 'rna.csv', scaler: 'zscore', select: { topVariance: 2000 } };
const slides = { kind: 'bag', title: 'slides', files: '*.h5' };
const relapse = { positive: 'relapse', negative: 'no relapse', column: 'RELAPSE' };

describe('the methods text of an own cohort', () => {
  const all = (changes: Changes, methods: readonly string[]): string =>
    [
      ...['Cohort and label', 'Split', 'Preprocessing', 'Bags', 'Image features', 'Stage 1: bag encoders'],
      ...['Stage 2: alignment', 'Stage 3: fusion', 'Comparison rows', 'Schedule', 'Training', 'Evaluation'],
    ]
      .map((heading) => textOf(heading, changes, methods, relapse))
      .join('\n');
  const foreign = /paper|survival|deceased|living|patholog|HANCOCK|\bICD|slide image|\bcores\b/i;

  it('of tables tells nothing of bags', () => {
    const text = all(own({ Clin: clin, RNA: rna }), ['haf', 'all_mlp', 'table-RNA']);
    expect(text).toContain(
      'The label is column RELAPSE of clini.csv: relapse (positive class) or no relapse.',
    );
    expect(text).toContain('44 no relapse, 16 relapse');
    expect(text).toContain('Modalities: clinical data and RNA.');
    expect(text).toContain('numeric and ordinal columns scaled to [0, 1]');
    expect(text).toContain(
      'RNA: standardised; only the 2000 columns that vary most over the training patients.',
    );
    expect(text).toContain('maps the encoded table to u');
    expect(text).toContain('Without alignment each modality first passes a linear map');
    expect(text).not.toMatch(foreign);
    expect(text).not.toMatch(/\bbag|attention|instances|images/i);
  });

  it('of bags tells nothing of tables', () => {
    const text = all(own({ WSI: slides }), ['haf', 'mil-WSI', 'all_mlp']);
    expect(text).toContain('No table is used.');
    expect(text).toContain('A bag holds the instances of all files of a patient.');
    expect(text).toContain('Each bag modality has a gated-attention MIL encoder');
    expect(text).toContain('maps z to u');
    expect(text).toContain('MIL rows: the classifier of a Stage-1 encoder');
    expect(text).not.toMatch(foreign);
    expect(text).not.toMatch(/one-hot|encoded table/);
  });

  it('of both tells both, in the words of the experiment', () => {
    const changes = { ...own({ Clin: clin, WSI: slides }), mil: { heads: 'deceased' as const } };
    const text = all(changes, ['haf', 'mil-WSI', 'table-Clin']);
    expect(text).toContain('Modalities: clinical data and slides.');
    expect(text).toContain('maps z or the encoded table to u');
    expect(text).toContain('the head of the class relapse alone');
    expect(text).not.toMatch(foreign);
  });
});

describe('the methods text', () => {
  it('counts the landmark as the follow-up of the data does: what that counts from is not known here', () => {
    const text = textOf('Cohort and label', { cohort: { label: 'landmark', landmarkYears: 3 } });
    expect(text).toContain('3 years into follow-up, as days_to_last_information counts it');
    expect(text).not.toContain('diagnosis');
  });

  it('says what fills the row of a patient who has none', () => {
    const impute = { absentRow: 'impute' } as const;
    expect(textOf('Preprocessing', { tabular: impute })).toContain('filled with the modes of the training');
    expect(textOf('Preprocessing', { tabular: { ...impute, numericImpute: 'mean' } })).toContain(
      'filled with the means (numbers) and modes (the rest) of the training patients',
    );
  });

  it('speaks of linear maps only where they are learned', () => {
    const of = (changes: Changes): string => textOf('Stage 3: fusion', changes);
    expect(of({})).toContain('Without alignment each modality first passes a linear map to 128 numbers');
    expect(of({ mil: { transfer: 'linear' } })).toContain('Without alignment each table first');
    expect(of({ tabular: { transfer: 'frozenRandom' } })).toContain(
      'Without alignment each pathology modality first',
    );
    expect(of({ preset: 'reference' })).not.toContain('linear map');
  });

  it('names every row through which gradients pass', () => {
    const of = (changes: Changes, methods?: readonly string[]): string =>
      textOf('Schedule', changes, methods).split(' No gradient ')[1] ?? '';
    expect(of({}, ['haf', 'ga_mean', 'mdlm'])).toBe('passes from one stage into another.');
    expect(of({}, ['haf', 'haf_attached'])).toBe(
      'passes from one stage into another, except in HAF (attached).',
    );
    const joint = { schedule: 'joint' as const };
    expect(of({ ...joint, pool: { detach: false } }, ['haf', 'ga_mean', 'mdlm'])).toContain(
      'except in GA + Mean Pool.',
    );
    expect(of({ preset: 'reference' }, ['haf', 'ga_max', 'mdlm', 'ps3'])).toContain(
      'except in GA + Max Pool and MDLM.',
    );
    expect(textOf('Schedule', { ...joint, detach: false })).toContain('Gradients pass through all stages');
  });
});

describe('the significance section', () => {
  const comparison: Comparison = {
    ...{ method: 'haf', other: 'ps3', patients: 60, onlyFirst: 1, onlySecond: 2 },
    accuracy: { difference: 0, ci95: null, p: 1, adjusted: 1 },
    auc: null,
  };

  it.each([
    [{}, {}, 'DeLong, on the test predictions of all folds together.'],
    [{ pooling: 'foldMean' as const }, {}, 'DeLong, per fold and averaged over folds.'],
    // With repeats, a patient has one mean score over several folds, so DeLong's test cannot be computed per fold.
    [
      { pooling: 'foldMean' as const },
      { repeats: 2 },
      'DeLong, on the mean probability of each test patient.',
    ],
    [{}, { mode: 'fixedTest' as const }, 'DeLong, on the mean probability of each test patient.'],
  ])('says on what DeLong was done: %o, %o', (stats, cv, expected) => {
    const summary = { comparisons: [comparison] } as unknown as ReportInput['summary'];
    const { markup } = significanceSection({ summary, config: resolvedConfig({ stats, cv }) });
    expect(markup.replaceAll(/\s+/g, ' ')).toContain(expected);
  });
});
