import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CaseFolder, Expectations } from './case-folder.js';
import { openClosed } from './open-slides.js';
import { tileCoreFiles } from './tile-images.js';

const info = async (at: CaseFolder, name: string) => {
  const probe = await at.probe(name);
  if (!probe.readable) throw new Error(`${name}: ${probe.reason}`);
  return probe.info;
};

const warnings = async (at: CaseFolder, name: string): Promise<string> =>
  (await info(at, name)).warnings.map(({ reason }) => reason).join('\n');

/** Cases of pictures that could be read differently from what they show. */
export const pictures: Expectations = {
  'ome-second-scene': async (open) => {
    const at = open('ome-second-scene');
    const names = ['one_scene_003', 'half_size_001', 'other_shape_002'].map((name) => `${name}.ome.tif`);
    const [alone, ...others] = await Promise.all(names.map((name) => at.tile(name)));
    for (const other of others) expect(other.coords).toEqual(alone?.coords);
    expect(alone?.coords.length).toBeGreaterThan(0);
    for (const [name, size] of [
      ['half_size_001', '256 x 192'],
      ['other_shape_002', '448 x 256'],
    ] as const) {
      expect((await info(at, `${name}.ome.tif`)).levels).toHaveLength(1);
      expect(await warnings(at, `${name}.ome.tif`)).toContain(`another image that is not read: ${size}`);
    }
    expect(others.map(({ problems }) => problems.some(({ reason }) => /not read: /.test(reason)))).toEqual([
      true,
      true,
    ]);
  },

  'ome-macro-first': async (open) => {
    const at = open('ome-macro-first');
    for (const name of ['macro_without_size_001.ome.tif', 'macro_of_40_um_002.ome.tif']) {
      expect(await info(at, name)).toMatchObject({
        mpp: { x: 0.25, y: 0.25 },
        levels: [{ width: 512, height: 384 }],
      });
      expect((await at.tile(name, 0.5)).images).toMatchObject([{ outcome: 'ok' }]);
    }
  },

  'core-float-tiff': async (open) => {
    const at = open('core-float-tiff');
    const cores = at.path('data/cores');
    const read: Record<string, string> = {};
    for (const name of readdirSync(cores).sort()) {
      const probe = await at.probe(join('data/cores', name));
      read[name.slice(-7)] = probe.readable ? 'read' : probe.reason;
    }
    expect(read).toMatchObject({
      '001.png': 'read',
      '002.tif': expect.stringMatching(/3 samples of 32 bits in floating point/) as string,
      '003.jpg': expect.stringMatching(/CMYK/) as string,
      '012.png': 'read',
    });
    const tiled = await tileCoreFiles({ patient: '002' }, [
      join(cores, 'TumorCenter_HE_block1_x1_y1_patient002.tif'),
    ]);
    expect(tiled.problems).toContainEqual(
      expect.objectContaining({
        severity: 'failure',
        reason: expect.stringContaining('floating point') as string,
      }),
    );
  },

  'jpeg-colours-tag': async (open) => {
    const at = open('jpeg-colours-tag');
    const [said, truth] = await Promise.all(
      ['said_rgb_002.tif', 'true_001.tif'].map(async (name) => {
        const reader = await openClosed(at.path(name));
        const { width = 0, height = 0 } = reader.info.levels[0] ?? {};
        return reader.read(0, { x: 0, y: 0, width, height });
      }),
    );
    expect(Buffer.compare(said as Uint8Array, truth as Uint8Array)).toBe(0);
    expect(await warnings(at, 'said_rgb_002.tif')).toMatch(
      /PhotometricInterpretation says RGB, its JPEG stream YCbCr/,
    );
    expect(await warnings(at, 'true_001.tif')).toBe('');
    const { problems } = await at.tile('said_rgb_002.tif');
    expect(problems.map(({ reason }) => reason).join()).toContain('PhotometricInterpretation');
  },

  'mpp-decimal-comma': async (open) => {
    const at = open('mpp-decimal-comma');
    for (const name of ['slide_001.svs', 'slide_002.svs', 'greek_entity_011.ome.tif', 'imagej_013.tif'])
      expect((await info(at, name)).mpp, name).toMatchObject({ x: 0.5, y: 0.5 });
    expect(await warnings(at, 'lost_micro_012.ome.tif')).toContain('"?m"');
    const unknown = await at.tile('lost_micro_012.ome.tif', 0.5);
    expect(unknown.problems).toMatchObject([
      { severity: 'failure', reason: expect.stringContaining('?m') as string },
    ]);
    const silent = await at.tile('slide_003.svs', 0.5);
    expect(silent.problems).toMatchObject([
      { severity: 'failure', reason: expect.stringContaining('does not say how many micrometres') as string },
    ]);
  },

  'pixel-not-square': async (open) => {
    const at = open('pixel-not-square');
    expect(await warnings(at, 'flat_001.ome.tif')).toContain('not square: 0.25 x 0.5 um');
    const { images, problems } = await at.tile('flat_001.ome.tif', 0.5);
    expect(images).toMatchObject([{ outcome: 'failed' }]);
    expect(problems).toMatchObject([
      { severity: 'failure', reason: expect.stringContaining('0.25 x 0.5 um') as string },
    ]);
  },
};
