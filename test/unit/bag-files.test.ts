import { describe, expect, it } from 'vitest';
import { bagFiles } from '../../src/operators/features/bag-files.js';
import type { FeatureBag } from '../../src/operators/features/feature-reader.js';
import { npyBytes, npzBytes } from '../../src/operators/synthetic/npz-file.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { embedFile, scratchFile, type Embedded } from '../support/embed-file.js';

const width = 2;
const embedMatrix = (
  data: readonly number[],
  settings: Parameters<typeof embedFile>[3],
): Promise<Embedded> => {
  const bytes = npyBytes({ shape: [data.length / width, width], data: Float32Array.from(data) });
  return embedFile('WSI', scratchFile('PrimaryTumor_HE_003.npy', bytes), width, settings);
};

describe('embed.precision: float16', () => {
  it('stores halves, rounded to the nearest', async () => {
    const { index, values, problems } = await embedMatrix([1, 0.1, -2.5, 65504], { precision: 'float16' });
    expect(problems).toEqual([]);
    expect(index).toMatchObject({ precision: 'float16', bags: [{ rows: 2 }] });
    expect(values).toEqual(Float32Array.of(1, 0.0999755859375, -2.5, 65504));
  });

  it('leaves out a bag whose values would become infinite, and no other of the file', async () => {
    const file = npzBytes(
      new Map([
        ['001', { shape: [width], data: Float32Array.of(1, -65520) }],
        ['002', { shape: [width], data: Float32Array.of(65519, 2) }],
      ]),
    );
    const path = scratchFile('cores.npz', file);
    const { index, values, problems } = await embedFile('TMA', path, width, { precision: 'float16' });
    expect(index.bags).toMatchObject([{ patient: '002', start: 0, rows: 1 }]);
    expect(values).toEqual(Float32Array.of(65504, 2));
    expect(problems).toMatchObject([
      { severity: 'failure', patient: '001', place: '001', fix: 'Set embed.precision: float32.' },
    ]);
    expect((await embedFile('TMA', path, width)).problems).toEqual([]);
  });
});

describe('embed.onNonFinite', () => {
  const data = [1, 2, NaN, 3, 4, 5, 6, Infinity, 7, 8];

  it('error: refuses the file', async () => {
    const { index, problems } = await embedMatrix(data, { onNonFinite: 'error' });
    expect(index.bags).toEqual([]);
    expect(problems).toMatchObject([{ severity: 'failure', patient: '003' }]);
    expect(problems[0]?.reason).toMatch(/^2 values are NaN or infinite, first in row 1/);
    expect(problems[0]?.fix).toMatch(/embed\.onNonFinite: drop/);
  });

  it('drop: does without these rows, and says how many', async () => {
    const { index, values, problems } = await embedMatrix(data, { onNonFinite: 'drop' });
    expect(index.bags).toMatchObject([{ start: 0, rows: 3 }]);
    expect(values).toEqual(Float32Array.of(1, 2, 4, 5, 7, 8));
    expect(problems).toMatchObject([{ severity: 'warning', patient: '003' }]);
    expect(problems[0]?.reason).toMatch(/^2 of 5 rows had NaN or infinite values/);
  });

  it('drop: takes their coordinates along', async () => {
    const bytes = writeSafetensors({
      features: { shape: [5, width], data: Float32Array.from(data) },
      coords: { shape: [5, 2], data: Int32Array.from({ length: 10 }, (_, i) => 10 * i) },
    });
    const path = scratchFile('003.safetensors', bytes);
    const { coords } = await embedFile('WSI', path, width, { onNonFinite: 'drop' });
    expect(coords).toEqual(Float32Array.of(0, 10, 40, 50, 80, 90));
  });

  it('drop: a bag without a finite row is empty, which is said too', async () => {
    const { index, problems } = await embedMatrix([NaN, 1], { onNonFinite: 'drop' });
    expect(index.bags).toMatchObject([{ rows: 0 }]);
    expect(problems.map(({ severity, reason }) => [severity, reason])).toEqual([
      ['warning', '1 of 1 rows had NaN or infinite values and were dropped.'],
      ['warning', 'it has no rows'],
    ]);
  });

  it('drop: in a file of several, costs only the rows of one', async () => {
    const file = npzBytes(
      new Map([
        ['001', { shape: [2, width], data: Float32Array.of(1, NaN, 2, 3) }],
        ['002', { shape: [width], data: Float32Array.of(4, 5) }],
      ]),
    );
    const path = scratchFile('cores.npz', file);
    const { values, problems } = await embedFile('TMA', path, width, { onNonFinite: 'drop' });
    expect(values).toEqual(Float32Array.of(2, 3, 4, 5));
    expect(problems).toMatchObject([{ severity: 'warning', patient: '001', place: '001' }]);
  });
});

it('rows of a bag without coordinates have none, beside one that has', () => {
  const bag = (values: readonly number[], corners: readonly number[] | null): FeatureBag => ({
    patient: '001',
    ...{ source: 'HE', image: 'a', place: 'a', mpp: null, values: Float32Array.from(values) },
    coords: corners === null ? null : { unit: 'px', side: 256, values: Float32Array.from(corners) },
  });
  const content = {
    ...{ dialect: 'test', encoder: null, rejected: [] },
    bags: [bag([1, 2, 3, 4], null), bag([5, 6], [7, 8])],
  };
  const files = bagFiles(content, width, 'float32');
  expect(Object.keys(files)).toEqual(['bags.json', 'features.f32', 'coords.f32']);
  expect(new Float32Array((files['coords.f32'] as Uint8Array).slice().buffer)).toEqual(
    Float32Array.of(NaN, NaN, NaN, NaN, 7, 8),
  );
  expect(new Float32Array((files['features.f32'] as Uint8Array).slice().buffer)).toEqual(
    Float32Array.of(1, 2, 3, 4, 5, 6),
  );
  expect(files['bags.json']).toMatchObject({
    bags: [
      { start: 0, rows: 2, coords: null },
      { start: 2, rows: 1, coords: { unit: 'px', side: 256 } },
    ],
  });
});
