import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import h5wasm, { type File } from 'h5wasm/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeFeatureFile } from '../../src/operators/features/feature-file.js';
import { h5Shapes } from '../../src/operators/features/h5-content.js';
import type { IndexedBag } from '../../src/operators/features/bag-index.js';
import { embedFile, scratchFile, scratchPath } from '../support/embed-file.js';

const width = 8;
const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i / 4);

/** Writes an HDF5 file in the layout h5py uses and returns its path. */
function writeH5(name: string, fill: (file: File) => void): string {
  const path = scratchPath(name);
  const file = new h5wasm.File(path, 'w', { libver: ['earliest', 'latest'] });
  fill(file);
  file.close();
  return path;
}

const writeFeatures = (data: Float32Array, shape: number[], name = 'PrimaryTumor_HE_007.h5'): string =>
  writeH5(name, (file) => file.create_dataset({ name: 'features', data, shape, dtype: '<f' }));

beforeAll(() => h5wasm.ready);

describe('a feature file of CLAM or TRIDENT', () => {
  it('becomes one bag with its rows unchanged', async () => {
    const path = writeFeatures(ramp(3 * width), [3, width]);
    const { index, values, problems } = await embedFile('WSI', path, width);
    expect(index).toEqual({
      dialect: 'clam',
      encoder: null,
      precision: 'float32',
      width,
      bags: [
        {
          patient: '007',
          source: 'primary',
          image: 'PrimaryTumor_HE_007',
          start: 0,
          rows: 3,
          coords: null,
          mpp: null,
          digest: expect.any(String) as string,
        },
      ],
    });
    expect(values).toEqual(ramp(3 * width));
    expect(problems).toEqual([]);
  });

  it.each(['relative', 'with .. in it'] as const)('is found by a path that is %s', async (way) => {
    const path = writeFeatures(ramp(2 * width), [2, width]);
    const given =
      way === 'relative' ? relative(process.cwd(), path) : join(dirname(path), 'x', '..', basename(path));
    const { problems, index } = await embedFile('WSI', given, width, {}, basename(path));
    expect(problems).toEqual([]);
    expect(index.bags).toMatchObject([{ rows: 2 }]);
    // `init` uses this function to read shapes.
    expect(await h5Shapes(given)).toMatchObject([{ name: 'features', shape: [2, width] }]);
  });

  it('may have a batch dimension of one', async () => {
    const path = writeFeatures(ramp(3 * width), [1, 3, width]);
    const { index, values } = await embedFile('WSI', path, width);
    expect(index.bags).toMatchObject([{ rows: 3 }]);
    expect(values).toEqual(ramp(3 * width));
  });

  it('may be a single vector, a slide of one tile', async () => {
    const { index, values } = await embedFile('WSI', writeFeatures(ramp(width), [width]), width);
    expect(index.bags).toMatchObject([{ rows: 1 }]);
    expect(values).toEqual(ramp(width));
  });

  it('may hold float64, which becomes float32', async () => {
    const data = Float64Array.from(ramp(2 * width));
    const path = writeH5('001.h5', (file) =>
      file.create_dataset({ name: 'features', data, shape: [2, width], dtype: '<d' }),
    );
    expect((await embedFile('WSI', path, width)).values).toEqual(ramp(2 * width));
  });

  it('is told from TRIDENT by the encoder attribute, and an empty slide of TRIDENT is only a warning', async () => {
    const path = writeH5('001.h5', (file) =>
      file
        .create_dataset({ name: 'features', data: new Float32Array(0), shape: [0], dtype: '<f' })
        .create_attribute('encoder', 'uni_v1'),
    );
    const { index, problems } = await embedFile('WSI', path, width);
    expect(index).toMatchObject({ dialect: 'trident', bags: [{ patient: '001', rows: 0 }] });
    expect(problems).toMatchObject([{ severity: 'warning', patient: '001', reason: 'it has no rows' }]);
  });

  it('is the same whatever its chunks and compression, read in several slices', async () => {
    const rows = 1200;
    const data = ramp(rows * 1024);
    for (const chunks of [
      [1, 1024],
      [500, 1024],
      [1200, 1024],
      [7, 100],
    ]) {
      const path = writeH5('001.h5', (file) =>
        file.create_dataset({
          name: 'features',
          data,
          shape: [rows, 1024],
          dtype: '<f',
          chunks,
          compression: 1,
        }),
      );
      const { index, values } = await embedFile('WSI', path, 1024);
      expect(index.bags).toMatchObject([{ rows }]);
      expect(Buffer.from(values.buffer).equals(Buffer.from(data.buffer))).toBe(true);
    }
  });

  it('that embed wrote says all that embed knew', async () => {
    const path = scratchPath('PrimaryTumor_HE_001.h5');
    const bag: IndexedBag = {
      ...{
        patient: '001',
        source: 'primary',
        image: 'PrimaryTumor_HE_001',
        start: 0,
        rows: 2,
        mpp: 0.5,
      },
      coords: { unit: 'px', side: 512 },
    };
    const coords = new Float32Array([0, 512, 1024, 99_840]);
    await writeFeatureFile(path, { width, encoder: 'uni', bag, values: ramp(2 * width), coords });
    const read = await embedFile('WSI', path, width);
    expect(read.index).toMatchObject({ encoder: 'uni', bags: [bag] });
    expect(read.values).toEqual(ramp(2 * width));
    expect(read.coords).toEqual(coords);
  });

  it('does without coordinates that are no numbers', async () => {
    const path = writeH5('001.h5', (file) => {
      file.create_dataset({ name: 'features', data: ramp(2 * width), shape: [2, width], dtype: '<f' });
      file.create_dataset({ name: 'coords', data: new Float32Array([0, 0, 256, NaN]), shape: [2, 2] });
    });
    const { index, coords, problems } = await embedFile('WSI', path, width);
    expect(index.bags).toMatchObject([{ rows: 2, coords: null }]);
    expect(coords).toBeNull();
    expect(problems).toMatchObject([
      { severity: 'warning', place: 'coords', reason: expect.stringContaining('row 1') as string },
    ]);
  });

  it.each([
    ['WSI', 'PrimaryTumor_HE_012_a.h5', '012', 'primary'],
    ['WSI', 'LymphNode_HE_012.h5', '012', 'lymph'],
    ['WSI', 'lymphnode_he_12.h5', '012', 'lymph'],
    ['TMA', 'TumorCenter_CD163_block1_x2_y3_patient045.h5', '045', 'CD163'],
    ['TMA', 'patient_045_core_2.h5', '045', 'unknown'],
  ] as const)('%s file %s is of patient %s, source %s', async (modality, name, patient, source) => {
    const { index } = await embedFile(modality, writeFeatures(ramp(width), [1, width], name), width);
    expect(index.bags).toMatchObject([{ patient, source }]);
  });
});

/** Expects no bag and exactly one failure with this reason. */
async function expectRefused(path: string, reason: RegExp, modality: 'WSI' | 'TMA' = 'WSI') {
  const { index, values, problems } = await embedFile(modality, path, width);
  expect(index.bags).toEqual([]);
  expect(values).toHaveLength(0);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({ severity: 'failure', stage: 'embed', file: path.split('/').at(-1) });
  expect(problems[0]?.reason).toMatch(reason);
  expect(problems[0]?.fix).not.toBe('');
  return problems[0];
}

describe('an HDF5 file that cannot be used is left out with its reason', () => {
  it('when it is something else, or empty', async () => {
    await expectRefused(scratchFile('001.h5', Buffer.from('1,2,3\n')), /not an HDF5 file/);
    await expectRefused(scratchFile('001.h5', Buffer.from('<html>404</html>')), /web page/);
    await expectRefused(scratchFile('001.h5', new Uint8Array(0)), /empty/);
  });

  // Bit 0: open for writing; bit 2: open for single-writer-multiple-readers.
  it.each([1, 4, 5])('when its writer left it open (consistency flags %i)', async (flags) => {
    const path = scratchPath('001.h5');
    const file = new h5wasm.File(path, 'w', { libver: ['latest', 'latest'] });
    file.create_dataset({ name: 'features', data: ramp(2 * width), shape: [2, width], dtype: '<f' });
    file.close();
    const bytes = readFileSync(path);
    expect([bytes[8], bytes[11]]).toEqual([3, 0]);
    bytes[11] = flags;
    writeFileSync(path, bytes);
    const problem = await expectRefused(path, /open for writing: its writer was killed, or still runs/);
    expect(problem?.fix).toMatch(/h5clear -s 001\.h5/);
  });

  it('when it is cut off', async () => {
    const whole = readFileSync(writeFeatures(ramp(100 * width), [100, width]));
    const part = whole.subarray(0, whole.length - 10);
    await expectRefused(
      scratchFile('001.h5', part),
      new RegExp(`truncated: ${part.length} bytes, ${whole.length} expected`),
    );
  });

  it('when it has coordinates only, naming what is there', async () => {
    const path = writeH5('001.h5', (file) => {
      file.create_dataset({ name: 'coords', data: new Int32Array(4), shape: [2, 2] });
      file.create_group('extra').create_dataset({ name: 'mask', data: new Int32Array(4), shape: [4] });
    });
    await expectRefused(
      path,
      /no dataset "features" or "feats".*coords \[2, 2\] int32, extra\/mask \[4\] int32/,
    );
  });

  it('when "features" is a group', async () => {
    const path = writeH5('001.h5', (file) => file.create_group('features'));
    await expectRefused(path, /no dataset "features".*none/);
  });

  it('when its rows have another width', async () => {
    const problem = await expectRefused(writeFeatures(ramp(12), [2, 6]), /rows of 6 values, 8 expected/);
    expect(problem).toMatchObject({ patient: '007', place: 'features' });
  });

  it('when it is no matrix', async () => {
    await expectRefused(writeFeatures(ramp(32), [2, 2, width]), /shape \[2, 2, 8\]/);
    await expectRefused(writeFeatures(ramp(2 * width), [2 * width]), /shape \[16\]/);
  });

  it('when values are NaN or infinite, counted and with the first row', async () => {
    const data = ramp(4 * width);
    data[2 * width + 1] = NaN;
    data[3 * width] = -Infinity;
    await expectRefused(writeFeatures(data, [4, width]), /2 values are NaN or infinite, first in row 2/);
  });

  it('when it holds integers', async () => {
    const path = writeH5('001.h5', (file) =>
      file.create_dataset({ name: 'features', data: new Int32Array(width), shape: [1, width] }),
    );
    await expectRefused(path, /no floating-point values/);
  });

  it('when its name holds no patient id; the digits of a stain are none', async () => {
    await expectRefused(writeFeatures(ramp(width), [1, width], 'slide.h5'), /no patient id/);
    await expectRefused(writeFeatures(ramp(width), [1, width], 'TumorCenter_CD3.h5'), /no patient id/, 'TMA');
  });

  it('when its ending is unknown', async () => {
    await expectRefused(
      scratchFile('001.csv', Buffer.from('1,2,3')),
      /"\.csv" cannot be read; \.h5, \.hdf5, \.npz, \.pt, \.pth, \.npy, \.safetensors can/,
    );
  });
});

describe('compressed data', () => {
  const compressed = (): string =>
    writeH5('001.h5', (file) =>
      file.create_dataset({
        name: 'features',
        data: ramp(64 * width),
        shape: [64, width],
        dtype: '<f',
        chunks: [64, width],
        compression: 4,
      }),
    );

  it('with a filter this build does not decode are refused, not read as garbage', async () => {
    const path = compressed();
    const bytes = readFileSync(path);
    // A filter is stored as its id, three more numbers, and its name. Change deflate (id 1) into LZF (id 32000).
    const name = bytes.indexOf('deflate\0');
    bytes.writeUInt16LE(32000, name - 8);
    bytes.write('lzf\0\0\0\0\0', name, 'latin1');
    writeFileSync(path, bytes);
    await expectRefused(path, /compressed with "lzf"/);
  });

  it('that are damaged are refused, not read as garbage', async () => {
    const path = compressed();
    const bytes = readFileSync(path);
    const stream = bytes.findLastIndex((byte, i) => byte === 0x78 && bytes[i + 1] === 0x5e);
    expect(stream).toBeGreaterThan(0);
    bytes.fill(0xff, stream + 2, stream + 12);
    writeFileSync(path, bytes);
    await expectRefused(path, /rows 0 to 63 of dataset "features" cannot be read/);
  });
});

it('a file that is gone is an error of the job, not a problem of the data', async () => {
  await expect(embedFile('WSI', scratchPath('001.h5'), width)).rejects.toThrow(/ENOENT/);
});
