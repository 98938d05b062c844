import { describe, expect, it } from 'vitest';
import { assertBags } from '../../src/operators/bundle/assert-bags.js';
import { bagReference } from '../../src/operators/bundle/bag-reference.js';
import type { Bundle, BundleModality } from '../../src/operators/bundle/bundle-data.js';
import { Flags } from '../../src/operators/bundle/flags.js';
import type { OpenBundle } from '../../src/operators/bundle/open-bundle.js';
import type { ScoringData } from '../../src/operators/bundle/scoring-data.js';
import type { BagSource } from '../../src/operators/stage1/bag-source.js';
import type { BagIndex } from '../../src/operators/features/bag-index.js';
import type { Artifact } from '../../src/pipeline/stage.js';
import { bagsInMemory } from '../support/small-inputs.js';

const width = 6;
const trained: BundleModality = {
  ...{ id: 'TMA', kind: 'bag', width, encoders: ['uni'], mpp: [0.5], rows: [2, 9] },
};

/** The `embed` artifact of one feature file of new patients. It has only an index, which `changes` modifies. */
function fileOf(changes: Partial<BagIndex>, mpp: number | null = null): Artifact {
  const bag = { patient: 'p', source: 'HE', image: 'p', start: 0, rows: 2, coords: null, mpp };
  const index = { dialect: 'h5', encoder: null, precision: 'float32', width, bags: [bag], ...changes };
  return {
    unit: { modality: 'TMA', file: 'new.h5' },
    json: () => index,
  } as unknown as Artifact;
}
const asserted = (file: Artifact) => () => assertBags({ modalities: [trained] } as unknown as Bundle, [file]);

describe('features of new patients', () => {
  it.each([
    ['another width', fileOf({ width: 7 }), 'has instances of 7 numbers, and the model was trained on 6'],
    [
      'another encoder of equal width',
      fileOf({ encoder: 'conch' }),
      'was made by the encoder "conch", and the model was trained on "uni"',
    ],
    ['another scale', fileOf({ encoder: 'uni' }, 0.25), 'was made at 0.25 micrometres per pixel'],
  ])('of %s are refused by the name of modality and file', (_, file, reason) => {
    expect(asserted(file)).toThrow(`TMA: new.h5 ${reason}`);
  });

  it.each([
    ['the same encoder', fileOf({ encoder: 'uni' }, 0.5)],
    ['nothing that says who made them', fileOf({})],
  ])('with %s are read', (_, file) => {
    expect(asserted(file)).not.toThrow();
  });
});

describe('features that no file says an encoder of', () => {
  const dataOf = (patients: number, centre: number): ScoringData => {
    const { source } = bagsInMemory(
      width,
      Array.from({ length: patients }, () => 4),
    );
    const load = async (patient: number): Promise<Float32Array> =>
      (await source.load(patient)).map((value) => value + centre);
    return {
      patients: Array.from({ length: patients }, (_, i) => `p${i}`),
      ...{ tables: new Map(), bags: () => Object.assign(Object.create(source) as BagSource, { load }) },
    };
  };
  const flagsOf = async (data: ScoringData): Promise<readonly string[]> => {
    const reference = await bagReference([{ id: 'TMA', kind: 'bag' }], dataOf(60, 0));
    const opened = { bundle: { modalities: [trained] }, reference } as unknown as OpenBundle;
    const flags = new Flags(opened, data, { unread: [] } as never);
    const found = await Promise.all(data.patients.map((_, patient) => flags.of(patient, ['TMA'])));
    return found.flat();
  };

  it('are flagged by their distribution when another one of equal width made them', async () => {
    const flags = await flagsOf(dataOf(5, 8));
    expect(flags).toHaveLength(5);
    for (const flag of flags)
      expect(flag).toMatch(/^TMA: its features lie .* perhaps another encoder or stain was used$/);
  });

  it('pass when they are as those of the training', async () => {
    expect(await flagsOf(dataOf(40, 0))).toEqual([]);
  });
});
