import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { npyBytes, npzBytes, type NpzArray } from '../../src/operators/synthetic/npz-file.js';
import { embedFile, scratchFile, type Embedded } from '../support/embed-file.js';

const width = 8;
const filled = (length: number, from = 1): Float32Array => Float32Array.from({ length }, (_, i) => from + i);
const array = (shape: readonly number[], from = 1): NpzArray => ({
  shape,
  data: filled(
    shape.reduce((product, side) => product * side, 1),
    from,
  ),
});

const embedBytes = (bytes: Uint8Array, name = 'tma_uni_tile_1024_CD8.npz'): Promise<Embedded> =>
  embedFile('TMA', scratchFile(name, bytes), width);
const embedArrays = (arrays: Record<string, NpzArray>, name?: string): Promise<Embedded> =>
  embedBytes(npzBytes(new Map(Object.entries(arrays))), name);

describe('the arrays of an npz', () => {
  it('are bags sorted by key, one row for a vector and n for a matrix', async () => {
    const { index, values, problems } = await embedArrays({
      TumorCenter_CD8_block2_x1_y1_patient002: array([width], 100),
      TumorCenter_CD8_block1_x1_y1_patient010: array([3, width], 200),
    });
    const digest = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
    const bag = { source: 'CD8', coords: null, mpp: null, digest };
    expect(new Set(index.bags.map((one) => one.digest)).size).toBe(2);
    expect(index).toEqual({
      dialect: 'npz-rows+vector',
      encoder: null,
      precision: 'float32',
      width,
      bags: [
        { ...bag, patient: '010', image: 'TumorCenter_CD8_block1_x1_y1_patient010', start: 0, rows: 3 },
        { ...bag, patient: '002', image: 'TumorCenter_CD8_block2_x1_y1_patient002', start: 3, rows: 1 },
      ],
    });
    expect(values).toEqual(Float32Array.from([...filled(24, 200), ...filled(8, 100)]));
    expect(problems).toEqual([]);
  });

  it('may be joined tiles', async () => {
    const { index, values } = await embedArrays({ '001': array([3 * width]) });
    expect(index).toMatchObject({ dialect: 'npz-joined', bags: [{ patient: '001', start: 0, rows: 3 }] });
    expect(values).toEqual(filled(24));
  });

  it('give a single tile centred between zeros as one row', async () => {
    const data = new Float32Array(2 * width);
    data.set(filled(width), width / 2);
    const { index, values } = await embedArrays({ '001': { shape: [2 * width], data } });
    expect(index.bags).toMatchObject([{ rows: 1 }]);
    expect(values).toEqual(filled(width));
  });

  it('are two tiles when only one side is zero', async () => {
    const data = filled(2 * width);
    data.fill(0, 0, width / 2);
    const { index } = await embedArrays({ '001': { shape: [2 * width], data } });
    expect(index.bags).toMatchObject([{ rows: 2 }]);
  });

  it('are an empty bag and a warning without rows', async () => {
    const { index, problems } = await embedArrays({ '001': array([0, width]), '002': array([width]) });
    expect(index.bags).toMatchObject([
      { patient: '001', start: 0, rows: 0 },
      { patient: '002', start: 0, rows: 1 },
    ]);
    expect(problems).toMatchObject([{ severity: 'warning', patient: '001', place: '001' }]);
  });

  it.each([
    ['tma_tile_dtr_256_HE.npz', 'HE'],
    ['tma_uni_patch_256_stride_128_dim_1024_cd163.npz', 'CD163'],
    ['cores.npz', 'PDL1'],
  ])('of %s are of the stain %s', async (name, source) => {
    const { index } = await embedArrays({ TumorCenter_PDL1_block1_x2_y3_patient004: array([width]) }, name);
    expect(index.bags).toMatchObject([{ patient: '004', source }]);
  });
});

describe('a bad array costs only itself', () => {
  it.each([
    ['another width', array([width + 1]), /shape is \[9\]/],
    ['rows of another width', array([2, width - 1]), /shape is \[2, 7\]/],
    ['NaN', { shape: [width], data: new Float32Array(width).fill(NaN) }, /8 values are NaN or infinite/],
  ])('%s', async (_, bad, reason) => {
    const { index, problems } = await embedArrays({ '001': array([width]), '002': bad });
    expect(index.bags).toMatchObject([{ patient: '001', rows: 1 }]);
    expect(problems).toMatchObject([{ severity: 'failure', patient: '002', place: '002' }]);
    expect(problems[0]?.reason).toMatch(reason);
  });

  it('a key without a patient', async () => {
    const { index, problems } = await embedArrays({ '001': array([width]), CD3: array([width]) });
    expect(index.bags).toHaveLength(1);
    expect(problems).toMatchObject([{ patient: null, place: 'CD3', reason: 'the key holds no patient id' }]);
  });

  it('a flipped byte, compressed or stored', async () => {
    for (const level of [0, 6] as const) {
      const zip = zipSync(
        { '001.npy': npyBytes(array([40, width])), '002.npy': npyBytes(array([40, width])) },
        { level },
      );
      const middle = Math.floor(zip.length / 4);
      zip[middle] = (zip[middle] ?? 0) ^ 0xff;
      const { index, problems } = await embedBytes(zip);
      expect(index.bags).toMatchObject([{ patient: '002', rows: 40 }]);
      expect(problems).toMatchObject([{ severity: 'failure', place: '001' }]);
      expect(problems[0]?.reason).toMatch(/damaged/);
    }
  });

  it('a flipped byte in a member that is not used is told of', async () => {
    const zip = zipSync(
      { 'features.npy': npyBytes(array([4, width])), 'scores.npy': npyBytes(array([40, width])) },
      { level: 0 },
    );
    const middle = Math.floor(zip.length / 2);
    zip[middle] = (zip[middle] ?? 0) ^ 0xff;
    const { index, problems } = await embedBytes(zip, 'TumorCenter_CD8_patient001.npz');
    expect(index.bags).toMatchObject([{ patient: '001', rows: 4 }]);
    expect(problems).toMatchObject([{ severity: 'warning', place: 'scores.npy' }]);
    expect(problems[0]?.reason).toMatch(/not used fails its check: its checksum does not match/);
  });

  it('a file that is no array is ignored with a warning', async () => {
    const { index, problems } = await embedBytes(
      zipSync({ '001.npy': npyBytes(array([width])), 'notes.txt': Buffer.from('hello') }),
    );
    expect(index.bags).toHaveLength(1);
    expect(problems).toMatchObject([{ severity: 'warning', place: 'notes.txt' }]);
  });

  it('unless all fail alike, which is said once', async () => {
    const { index, problems } = await embedArrays({
      '001': array([5]),
      '002': array([5]),
      '003': array([5]),
    });
    expect(index.bags).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ severity: 'failure', place: 'all 3 arrays, "001" to "003"' });
  });
});

describe('an archive that cannot be used', () => {
  it.each([
    ['is no zip', () => Buffer.from('not a zip at all'), /not a complete zip archive/],
    ['is empty', () => new Uint8Array(0), /it is empty/],
    ['is cut off', () => npzBytes(new Map([['001', array([width])]])).subarray(0, 90), /not a complete zip/],
    ['has no arrays', () => zipSync({ 'a.txt': Buffer.from('a') }), /holds no arrays/],
  ])('%s', async (_, bytes, reason) => {
    const { index, values, problems } = await embedBytes(bytes());
    expect(index).toMatchObject({ dialect: 'unreadable', width, bags: [] });
    expect(values).toHaveLength(0);
    expect(problems).toMatchObject([{ severity: 'failure', file: 'tma_uni_tile_1024_CD8.npz' }]);
    expect(problems[0]?.reason).toMatch(reason);
  });

  it('claims members outside of itself', async () => {
    const zip = Buffer.from(npzBytes(new Map([['001', array([width])]])));
    const directory = zip.readUInt32LE(zip.length - 6);
    zip.writeUInt32LE(0x7fffffff, directory + 42);
    const { problems } = await embedBytes(zip);
    expect(problems[0]?.reason).toMatch(/points outside of its archive/);
  });

  it('has a directory of another size than it says', async () => {
    const zip = Buffer.from(npzBytes(new Map([['001', array([width])]])));
    zip.writeUInt16LE(7, zip.length - 12);
    expect((await embedBytes(zip)).problems[0]?.reason).toMatch(/zip directory is damaged/);
  });
});

it('a written npz is a zip from 1980 whose arrays start on a multiple of 64', () => {
  const bytes = npyBytes(array([2, width]));
  expect(bytes.length - 2 * width * 4).toBe(128);
  const path = scratchFile('a.npz', npzBytes(new Map([['001', array([width])]])));
  // DOS time and date of the first local header: always midnight, 1 January 1980. So equal arrays give equal bytes.
  expect(readFileSync(path).readUInt32LE(10)).toBe(0x00210000);
});
