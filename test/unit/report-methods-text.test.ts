import { describe, expect, it } from 'vitest';
import { methodsText } from '../../src/operators/report/methods-text.js';
import type { ReportInput } from '../../src/operators/report/report-input.js';
import { significanceSection } from '../../src/operators/report/significance-section.js';
import { paperMethodIds as methodIds } from '../../src/operators/paper/paper-results.js';
import type { Comparison } from '../../src/operators/evaluation/summary-data.js';
import { withPreset } from '../../src/pipeline/config/presets.js';
import { configSchema, type Config, type ConfigInput } from '../../src/pipeline/config/schema.js';

const configOf = (changes: Partial<ConfigInput>): Config =>
  configSchema.parse(withPreset({ name: 'test', ...changes }));

/** The text under a heading for an experiment with these rows; a run of it is invented as far as the text looks. */
function textOf(
  heading: string,
  changes: Partial<ConfigInput>,
  methods: readonly string[] = methodIds,
): string {
  const config = configOf(changes);
  const input = {
    config,
    modalities: config.modalities,
    summary: {
      rows: methods.map((method) => ({ method })),
      cohort: { patients: 60, deceased: 16 },
      comparisons: [],
    },
    flow: [{ step: 'labelled', patients: 63, deceased: 17 }],
    splitHash: null,
    training: [],
    images: { features: [] },
  } as unknown as ReportInput;
  return methodsText(input).find((paragraph) => paragraph.heading === heading)?.text ?? '';
}

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
    const of = (changes: Partial<ConfigInput>): string => textOf('Stage 3: fusion', changes);
    expect(of({})).toContain('Without alignment each modality first passes a linear map to 128 numbers');
    expect(of({ mil: { transfer: 'linear' } })).toContain('Without alignment each table first');
    expect(of({ tabular: { transfer: 'frozenRandom' } })).toContain(
      'Without alignment each pathology modality first',
    );
    expect(of({ preset: 'reference' })).not.toContain('linear map');
  });

  it('names every row through which gradients pass', () => {
    const of = (changes: Partial<ConfigInput>, methods?: readonly string[]): string =>
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
    // One mean score of a patient belongs to no fold.
    [
      { pooling: 'foldMean' as const },
      { repeats: 2 },
      'DeLong, on the mean probability of each test patient.',
    ],
    [{}, { mode: 'fixedTest' as const }, 'DeLong, on the mean probability of each test patient.'],
  ])('says on what DeLong was done: %o, %o', (stats, cv, expected) => {
    const summary = { comparisons: [comparison] } as unknown as ReportInput['summary'];
    const { markup } = significanceSection({ summary, config: configOf({ stats, cv }) });
    expect(markup.replaceAll(/\s+/g, ' ')).toContain(expected);
  });
});
