import { describe, expect, it } from 'vitest';
import { problemLines } from '../../src/pipeline/cli/problem-lines.js';
import type { Problem } from '../../src/pipeline/core/problem.js';

const problem = (severity: Problem['severity'], reason: string, more: Partial<Problem> = {}): Problem => ({
  ...{ severity, stage: 'tables', patient: null, file: null, place: null, reason, fix: 'Mend it.' },
  ...more,
});

describe('what a run says of problems', () => {
  it('is nothing without any', () => {
    expect(problemLines([], 'p.csv')).toEqual([]);
  });

  it('names warnings of one reason once, with their number and an example', () => {
    const lines = problemLines(
      [
        problem('warning', 'Column "a" is constant.', { file: 'rna.csv', place: 'a' }),
        problem('warning', 'Column "b" is constant.', { file: 'rna.csv', place: 'b' }),
        problem('warning', 'The patient has no row.', { patient: 'P7' }),
        problem('info', 'left out by a rule'),
        problem('failure', 'It cannot be read.', { file: 'slide.svs' }),
      ],
      'p.csv',
    );
    expect(lines).toEqual([
      'left out or doubtful: 1 failure, 3 warnings, 1 note, listed in p.csv',
      '  slide.svs: It cannot be read.',
      '  fix: Mend it.',
      '  warning, 2 times: Column "a" is constant. (for example rna.csv, a)',
      '  warning: The patient has no row. (patient P7)',
    ]);
  });

  it('names five kinds and counts the others', () => {
    const kinds = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
    const lines = problemLines(
      kinds.map((kind) => problem('warning', `Kind ${kind}.`)),
      'p.csv',
    );
    expect(lines).toHaveLength(1 + 5 + 1);
    expect(lines.at(-1)).toBe('  2 further kinds of warning in the file');
  });
});
