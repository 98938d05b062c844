import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embedFile, type Embedded } from '../support/embed-file.js';
import { hancockFolder } from '../support/shared.js';

/** Patients per stain, as the dataset's notes count them. */
const patients = {
  HE: 760,
  CD3: 746,
  CD8: 760,
  CD56: 760,
  CD68: 760,
  CD163: 757,
  MHC1: 760,
  PDL1: 760,
} as const;
const width = 256;

const embedStain = (stain: string): Promise<Embedded> =>
  embedFile('TMA', join(hancockFolder ?? '', `tma_tile_dtr_256_${stain}.npz`), width);

/** Euclidean length of each row. */
const lengths = (values: Float32Array): readonly number[] =>
  Array.from({ length: values.length / width }, (_, row) =>
    Math.hypot(...values.subarray(row * width, (row + 1) * width)),
  );

describe.skipIf(hancockFolder === null)('the tile features of HANCOCK', () => {
  it('give two tiles of length 1 per patient and stain, but one for the one patient with a single tile', async () => {
    const rowsOf = new Map<string | null, number>();
    const twice = new Set<string | null>();
    for (const [stain, count] of Object.entries(patients)) {
      const { index, values, problems } = await embedStain(stain);
      // Some files have the same tile twice. This warning is the only problem.
      for (const { place, reason } of problems) {
        expect(reason).toBe('all 2 rows are the same');
        twice.add(place);
      }
      expect(index.dialect).toBe('npz-joined');
      expect(index.bags).toHaveLength(count);
      expect(index.bags.every((bag) => bag.source === stain)).toBe(true);
      expect(index.bags.filter((bag) => bag.rows !== 2).map((bag) => bag.rows)).toEqual(
        stain === 'CD3' ? [1] : [],
      );
      for (const length of lengths(values)) expect(length).toBeCloseTo(1, 4);
      for (const { patient, rows } of index.bags) rowsOf.set(patient, (rowsOf.get(patient) ?? 0) + rows);
    }
    expect(twice.size).toBe(8);
    expect(rowsOf.size).toBe(760);
    expect([...new Set(rowsOf.values())].sort()).toEqual([14, 15, 16]);
  });

  it('say once that the configured width is wrong', async () => {
    const path = join(hancockFolder ?? '', 'tma_tile_dtr_256_HE.npz');
    const { index, problems } = await embedFile('TMA', path, 1024);
    expect(index.bags).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.reason).toMatch(/shape is \[512\]; \[1024\]/);
  });
});
