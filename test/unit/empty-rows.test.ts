import { writeFileSync } from 'node:fs';
import h5wasm from 'h5wasm/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyRows } from '../../src/operators/features/empty-rows.js';
import { embedFile, scratchPath } from '../support/embed-file.js';
import { npyBytes } from '../../src/operators/synthetic/npz-file.js';

const width = 4;
type Row = readonly [number, number, number, number];
const zeros: Row = [0, 0, 0, 0];
const other = (n: number): Row => [n, n + 1, -n, 2];
const several = (count: number): Row[] => Array.from({ length: count }, (_, n) => other(n));

const reasons = (rows: readonly Row[]): string[] => {
  const bag = { patient: '001', source: '', image: 'a', place: 'features', coords: null, mpp: null };
  return emptyRows([{ ...bag, values: Float32Array.from(rows.flat()) }], width).map(({ reason }) => reason);
};

describe('rows without content', () => {
  it.each([
    ['nothing where rows differ', several(20), []],
    ['nothing for a single row', [other(1)], []],
    ['nothing for no rows', [], []],
    ['a few that are alike', [...several(20), other(0)], []],
    [
      'zeros only',
      [zeros, zeros, [0, -0, 0, 0] as Row],
      ['all 3 rows hold zeros only, as after a failed extraction'],
    ],
    ['zeros in its only row', [zeros], ['its only row holds zeros only, as after a failed extraction']],
    ['the same row', [other(1), other(1)], ['all 2 rows are the same']],
    [
      'one number in each row',
      [
        [1, 1, 1, 1],
        [2, 2, 2, 2],
      ] as Row[],
      ['all 2 rows hold one number throughout'],
    ],
    ['some zeros', [...several(20), zeros, zeros], ['2 of 22 rows hold zeros only']],
    [
      'some of one number',
      [...several(20), [3, 3, 3, 3] as Row],
      ['1 of 21 rows hold one number throughout'],
    ],
    ['each row twice', [...several(5), ...several(5)], ['5 of 10 rows repeat another row']],
  ])('%s', (_, rows, expected) => {
    expect(reasons(rows)).toEqual(expected);
  });

  it('are a warning of the run, whatever the format', async () => {
    const path = scratchPath('PrimaryTumor_HE_001.npy');
    writeFileSync(path, npyBytes({ shape: [3, width], data: new Float32Array(3 * width) }));
    const { index, problems } = await embedFile('WSI', path, width);
    expect(index.bags).toMatchObject([{ rows: 3 }]);
    expect(problems).toMatchObject([
      {
        severity: 'warning',
        patient: '001',
        reason: expect.stringMatching(/^all 3 rows hold zeros/) as string,
      },
    ]);
  });
});

describe('HDF5 rows that were never written', () => {
  beforeAll(() => h5wasm.ready);
  const written = 30;
  const values = Float32Array.from({ length: written * width }, (_, i) => 1 + i);

  /** Writes 30 rows, then enlarges the dataset without writing. A writer that is killed leaves such a file. */
  const grown = (rows: number, chunk: number, libver: 'earliest' | 'latest', more = {}): string => {
    const path = scratchPath('PrimaryTumor_HE_001.h5');
    const file = new h5wasm.File(path, 'w', { libver: [libver, 'latest'] });
    file
      .create_dataset({
        ...{ name: 'features', data: values, shape: [written, width], dtype: '<f' },
        ...{ maxshape: [null, width], chunks: [chunk, width], ...more },
      })
      .resize([rows, width]);
    file.close();
    return path;
  };

  it.each([
    ['earliest', 10, {}],
    ['latest', 10, {}],
    ['earliest', 1, {}],
    ['earliest', 10, { compression: 4 }],
    ['latest', 10, { compression: 4 }],
  ] as const)(
    'are refused with their number (layout %s, %i rows a chunk, %j)',
    async (libver, chunk, more) => {
      const { index, problems } = await embedFile('WSI', grown(100, chunk, libver, more), width);
      expect(index.bags).toEqual([]);
      expect(problems).toMatchObject([
        {
          severity: 'failure',
          reason:
            '70 of 100 rows of dataset "features" were never written, the first is row 30 (counted from 0)',
        },
      ]);
    },
  );

  it.each(['earliest', 'latest'] as const)(
    'are told from zeros that were written (layout %s)',
    async (libver) => {
      const path = scratchPath('PrimaryTumor_HE_001.h5');
      const file = new h5wasm.File(path, 'w', { libver: [libver, 'latest'] });
      const data = new Float32Array(100 * width);
      data.set(values);
      file.create_dataset({
        name: 'features',
        data,
        shape: [100, width],
        dtype: '<f',
        chunks: [10, width],
        compression: 4,
      });
      file.close();
      const { index, problems } = await embedFile('WSI', path, width);
      expect(index.bags).toMatchObject([{ rows: 100 }]);
      expect(problems).toMatchObject([
        { severity: 'warning', reason: expect.stringMatching(/^70 of 100 rows hold zeros only/) as string },
      ]);
    },
  );

  it('are told of where a chunk is written in part', async () => {
    const { problems } = await embedFile('WSI', grown(50, 50, 'earliest'), width);
    expect(problems).toMatchObject([
      { severity: 'warning', reason: expect.stringMatching(/^20 of 50 rows hold zeros only/) as string },
    ]);
  });
});
