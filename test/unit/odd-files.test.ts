import { expect, it } from 'vitest';
import { oddFiles } from '../../src/operators/preflight/odd-files.js';

const bagOf = (patient: string, name: string, sha256 = 'abc') => ({
  ...{ modality: 'TMA', kind: 'images' as const, unit: { modality: 'TMA', patient } },
  sources: [{ role: 'core', name, path: `/nowhere/${name}`, sha256 }],
});

it('one TMA slide with cores of several patients is no copy; another file of the same content is', () => {
  expect(oddFiles('TMA', [bagOf('P1', 'tma.tif'), bagOf('P2', 'tma.tif')])).toEqual([]);
  expect(oddFiles('TMA', [bagOf('P1', 'a.tif'), bagOf('P2', 'b.tif')])).toMatchObject([
    { severity: 'warning', patient: 'P2', file: 'b.tif' },
  ]);
});
