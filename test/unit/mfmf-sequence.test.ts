import { describe, expect, it } from 'vitest';
import { bagSequence } from '../../src/operators/mfmf/bag-sequence.js';
import type { Slot } from '../../src/pipeline/core/modality.js';

const slots: readonly Slot[] = [
  { id: 'WSI', kind: 'bag' },
  { id: 'Clin', kind: 'table' },
  { id: 'TMA', kind: 'bag' },
  { id: 'MRI', kind: 'bag' },
];

describe('the bags that MFMF attends to', () => {
  it.each([
    ['all, the first of them last', null, null, ['TMA', 'MRI', 'WSI']],
    ['all, the target last', null, 'TMA', ['WSI', 'MRI', 'TMA']],
    ['all, when the target is none of them', null, 'Clin', ['TMA', 'MRI', 'WSI']],
    ['the given ones that the experiment uses', ['CT', 'TMA', 'WSI', 'TMA'], null, ['TMA', 'WSI', 'TMA']],
  ])('are %s', (_, sequence, target, wanted) => {
    expect(bagSequence({ sequence, target }, slots)).toEqual(wanted);
  });

  it('are none where the experiment has only tables', () => {
    expect(bagSequence({ sequence: null, target: null }, [{ id: 'Clin', kind: 'table' }])).toEqual([]);
  });
});
