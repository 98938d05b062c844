import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { IndexedBag } from '../../src/operators/features/bag-index.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { embedFile, type Embedded } from '../support/embed-file.js';
import { written, writtenFile } from '../support/written-features.js';

const { rows, width, values, coords } = written;

const embedDialect = (dialect: string, modality: ModalityId = 'WSI'): Promise<Embedded> => {
  const file = writtenFile(dialect);
  if (file === null) throw new Error(`${dialect} was not written`);
  return embedFile(modality, file.path, width, {}, file.name);
};

/** Makes one test per dialect. A test is skipped if the library that writes this dialect is not installed. */
function each<Row extends readonly [dialect: string, ...rest: readonly unknown[]]>(
  cases: readonly Row[],
  test: (...row: Row) => Promise<void>,
): void {
  for (const row of cases) it.skipIf(writtenFile(row[0]) === null)(row[0], () => test(...row));
}

type OneSlide = readonly [
  dialect: string,
  name: string,
  encoder: string | null,
  coords: IndexedBag['coords'],
  mpp: number | null,
];
type Reason = readonly [dialect: string, reason: RegExp];

describe('a file of one slide gives its rows, unchanged, and all it says of them:', () => {
  const px = (side: number | null): IndexedBag['coords'] => ({ unit: 'px', side });
  each<OneSlide>(
    [
      ['clam', 'clam', null, px(null), null],
      ['clam-grid', 'clam', null, px(1024), null],
      ['hancock', 'hancock', 'UNI', px(2048), null],
      ['trident', 'trident', 'uni_v1', px(512), null],
      ['trident-batch', 'trident', 'uni_v1', px(512), null],
      ['stamp', 'stamp', 'uni', { unit: 'um', side: 256 }, 256 / 224],
      ['other-name', 'h5', null, px(null), null],
      ['npz-features', 'npz-features', null, px(null), null],
      ['dict-pt', 'pt', null, px(null), null],
      ['legacy-dict-pt', 'pt', null, px(null), null],
      ['safetensors-features', 'safetensors-features', null, px(null), null],
      // Files without coordinates:
      ['clam-pt', 'clam-pt', null, null, null],
      ['trident-pt', 'trident-pt', 'uni_v1', null, null],
      ['half-pt', 'clam-pt', null, null, null],
      ['bfloat-pt', 'clam-pt', null, null, null],
      ['double-pt', 'clam-pt', null, null, null],
      ['part-pt', 'clam-pt', null, null, null],
      ['parameter-pt', 'clam-pt', null, null, null],
      ['legacy-pt', 'clam-pt', null, null, null],
      ['protocol4-pt', 'pt', null, null, null],
      ['npy', 'npy', null, null, null],
      ['npz-unnamed', 'npz-features', null, null, null],
      ['safetensors-bfloat', 'safetensors-features', null, null, null],
      ['safetensors-single', 'safetensors-features', null, null, null],
    ],
    async (dialect, name, encoder, meaning, mpp) => {
      const embedded = await embedDialect(dialect);
      expect(embedded.problems).toEqual([]);
      const { says = ['PrimaryTumor_HE_003'], ...index } = embedded.index;
      // `says` comes from `slide_id` in the dictionary of a .pt file, and from the attribute `name` of an HDF5 file.
      expect(says).toEqual(
        embedded.index.says === undefined || dialect !== 'dict-pt' ? ['PrimaryTumor_HE_003'] : ['003'],
      );
      expect(index).toEqual({
        dialect: name,
        encoder,
        precision: 'float32',
        width,
        bags: [
          {
            ...{ patient: '003', source: 'primary', image: 'PrimaryTumor_HE_003', start: 0, rows },
            ...{ coords: meaning, mpp, digest: expect.any(String) as string },
          },
        ],
      });
      expect(embedded.values).toEqual(values);
      expect(embedded.coords).toEqual(meaning === null ? null : coords);
    },
  );
});

describe('a file of several bags:', () => {
  each<readonly [dialect: string, name: string]>(
    [
      ['npz-keys', 'npz-rows+vector'],
      ['safetensors-keys', 'safetensors-rows+vector'],
    ],
    async (dialect, name) => {
      const embedded = await embedDialect(dialect, 'TMA');
      expect(embedded.problems).toEqual([]);
      expect(embedded.index).toMatchObject({
        dialect: name,
        bags: [
          { patient: '001', source: 'CD8', image: '001', start: 0, rows },
          { patient: '002', source: 'CD8', start: rows, rows: 1, coords: null },
        ],
      });
      expect(embedded.values).toEqual(Float32Array.of(...values, ...values.subarray(0, width)));
      expect(embedded.coords).toBeNull();
    },
  );

  it.skipIf(writtenFile('case') === null)(
    'a case gives its slide, and apart from it its cores by stain',
    async () => {
      const slide = await embedDialect('case', 'WSI');
      expect(slide.problems).toEqual([]);
      expect(slide.index).toMatchObject({
        dialect: 'case',
        bags: [{ patient: '003', source: 'primary', image: '003', rows, coords: null }],
      });
      expect(slide.values).toEqual(values);
      const cores = await embedDialect('case', 'TMA');
      expect(cores.problems).toEqual([]);
      expect(
        cores.index.bags.map((bag) => [bag.patient, bag.source, bag.image, bag.start, bag.rows]),
      ).toEqual([
        ['003', 'CD163', '003_CD163', 0, 5],
        ['003', 'CD8', '003_CD8', 5, 2],
        ['003', 'HE', '003_HE', 7, 1],
      ]);
    },
  );

  it.skipIf(writtenFile('case-empty') === null)('a case without slide is no fault', async () => {
    const slide = await embedDialect('case-empty', 'WSI');
    expect(slide.index.bags).toEqual([]);
    expect(slide.problems).toMatchObject([{ severity: 'info', patient: '003', place: 'wsi' }]);
    const cores = await embedDialect('case-empty', 'TMA');
    expect(cores.index.bags).toMatchObject([{ source: 'unknown', rows: 3 }]);
  });
});

describe('an empty slide, and a single core:', () => {
  each<readonly [string]>([['trident-empty']], async (dialect) => {
    const { index, problems } = await embedDialect(dialect);
    expect(index).toMatchObject({ dialect: 'trident', bags: [{ rows: 0 }] });
    expect(problems).toMatchObject([{ severity: 'warning', patient: '003', reason: 'it has no rows' }]);
  });
  each<readonly [string]>([['npy-vector']], async (dialect) => {
    const { index, problems } = await embedDialect(dialect, 'TMA');
    expect(problems).toEqual([]);
    expect(index.bags).toMatchObject([{ patient: '003', source: 'CD8', rows: 1 }]);
  });
});

describe('a file that cannot be used is left out, with its reason:', () => {
  each<Reason>(
    [
      ['lzf', /compressed with "lzf"/],
      ['unequal', /70 rows of features and 69 of "coords"/],
      ['stamp-patient', /features of a patient, not of tiles/],
      ['transposed-pt', /not contiguous \(strides \[1, 70\]\)/],
      ['numpy-pickle', /wants to call "numpy\.core\.multiarray\._reconstruct"/],
    ],
    async (dialect, reason) => {
      const { index, values: none, problems } = await embedDialect(dialect);
      expect(index.bags).toEqual([]);
      expect(none).toHaveLength(0);
      expect(problems).toMatchObject([{ severity: 'failure', patient: '003' }]);
      expect(problems[0]?.reason).toMatch(reason);
      expect(problems[0]?.fix).not.toBe('');
    },
  );
});

describe('a pickle that would run something is refused by name, and nothing is run:', () => {
  each<readonly [dialect: string, called: string]>(
    [
      ['malicious-pt', 'posix.system'],
      ['malicious-dict-pt', 'builtins.eval'],
      ['malicious-legacy-pt', 'posix.system'],
      ['malicious-pickle', 'posix.system'],
    ],
    async (dialect, called) => {
      const { index, problems } = await embedDialect(dialect);
      expect(index.bags).toEqual([]);
      expect(problems).toMatchObject([{ severity: 'failure', patient: '003' }]);
      // Pickle protocol 2, which torch.save uses, writes the module names of Python 2.
      expect(problems[0]?.reason.replace('__builtin__', 'builtins')).toContain(`wants to call "${called}"`);
      expect(existsSync(`${writtenFile(dialect)?.path}.ran`)).toBe(false);
    },
  );
});

it.skipIf(writtenFile('lzf-coords') === null)(
  'coordinates that cannot be read cost only themselves',
  async () => {
    const embedded = await embedDialect('lzf-coords');
    expect(embedded.values).toEqual(values);
    expect(embedded.coords).toBeNull();
    expect(embedded.index.bags).toMatchObject([{ rows, coords: null }]);
    expect(embedded.problems).toMatchObject([{ severity: 'warning', patient: '003', place: 'coords' }]);
    expect(embedded.problems[0]?.reason).toMatch(/not used: dataset "coords" is compressed with "lzf"/);
  },
);
