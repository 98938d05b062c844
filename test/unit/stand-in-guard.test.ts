import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/pipeline/config/schema.js';
import type { BagFiles } from '../../src/pipeline/sources/find-sources.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { guardStandIn, isSynthetic } from '../../src/pipeline/runs/stand-in-guard.js';

const folderWith = (marker?: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-guard-'));
  if (marker !== undefined) writeFileSync(join(folder, 'synthetic.json'), marker);
  return folder;
};
const synthetic = folderWith('{"synthetic": true, "patients": 20, "seed": 1, "width": 8}');
const real = folderWith();

const config = (encoder: object): Config => resolvedConfig({ embed: { encoder } });

const bagsIn = (folder: string, kind: BagFiles['kind'] = 'images'): readonly BagFiles[] => [
  {
    ...{ modality: 'WSI', kind, unit: { modality: 'WSI', file: 'slides/1.svs' } },
    sources: [{ role: 'slide', name: 'slides/1.svs', path: join(folder, 'slides', '1.svs'), sha256: '' }],
  },
];

describe('the stand-in encoder', () => {
  it('knows a file of a synthetic cohort by the marker in a folder above it', () => {
    expect(isSynthetic(join(synthetic, 'slides', '1.svs'))).toBe(true);
    for (const folder of [real, '/no/such/folder', folderWith('{"synthetic": false}'), folderWith('{')])
      expect(isSynthetic(join(folder, 'slides', '1.svs'))).toBe(false);
  });

  it('is refused on other data, with what to do instead', () => {
    const attempt = (): void => guardStandIn(config({ standIn: true }), bagsIn(real));
    expect(attempt).toThrowError(expect.objectContaining({ code: 'HAF_ENCODER_UNFIT' }));
    expect(attempt).toThrowError(/slides\/1\.svs is not in a synthetic cohort/);
    expect(attempt).toThrowError(/embed\.encoder\.onnx.*embed\.encoder\.force: true/);
  });

  it('is refused for one real slide among synthetic ones', () => {
    const both = [...bagsIn(synthetic), ...bagsIn(real)];
    expect(() => guardStandIn(config({ standIn: true }), both)).toThrowError(/not in a synthetic cohort/);
  });

  it('does not mind where the coordinates of synthetic slides lie', () => {
    const [bag] = bagsIn(synthetic) as [BagFiles];
    const coords = { role: 'coords', name: 'patches/1.h5', path: join(real, '1.h5'), sha256: '' };
    guardStandIn(config({ standIn: true }), [{ ...bag, sources: [...bag.sources, coords] }]);
  });

  it('may work on synthetic data, by force, and where it has no images', () => {
    guardStandIn(config({ standIn: true }), bagsIn(synthetic));
    guardStandIn(config({ standIn: true, force: true }), bagsIn(real));
    guardStandIn(config({ standIn: true }), bagsIn(real, 'features'));
    guardStandIn(config({ onnx: 'uni.onnx' }), bagsIn(real));
  });
});
