import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configSchema, type Config } from '../../src/pipeline/config/schema.js';
import { guardStandIn, isSynthetic } from '../../src/pipeline/runs/stand-in-guard.js';

const folderWith = (marker?: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-guard-'));
  if (marker !== undefined) writeFileSync(join(folder, 'synthetic.json'), marker);
  return folder;
};
const synthetic = folderWith('{"synthetic": true, "patients": 20, "seed": 1, "width": 8}');
const real = folderWith();

const config = (encoder: object, data: object = { wsi: { slides: 'slides/*.svs' } }): Config =>
  configSchema.parse({ name: 'test', data, embed: { encoder } });

describe('the stand-in encoder', () => {
  it('knows a synthetic cohort by its marker', () => {
    expect(isSynthetic(synthetic)).toBe(true);
    for (const folder of [real, '/no/such/folder', folderWith('{"synthetic": false}'), folderWith('{')])
      expect(isSynthetic(folder)).toBe(false);
  });

  it('is refused on other data, with what to do instead', () => {
    const attempt = (): void => guardStandIn(config({ standIn: true }), real);
    expect(attempt).toThrowError(expect.objectContaining({ code: 'HAF_ENCODER_UNFIT' }));
    expect(attempt).toThrowError(/no synthetic cohort/);
    expect(attempt).toThrowError(/embed\.encoder\.onnx.*embed\.encoder\.force: true/);
    const cores = config({ standIn: true }, { tma: { images: 'cores/*.png' } });
    expect(() => guardStandIn(cores, real)).toThrowError(/no synthetic cohort/);
  });

  it('may work on synthetic data, by force, and where it has no images', () => {
    guardStandIn(config({ standIn: true }), synthetic);
    guardStandIn(config({ standIn: true, force: true }), real);
    guardStandIn(config({ standIn: true }, {}), real);
    guardStandIn(config({ onnx: 'uni.onnx' }), real);
  });
});
