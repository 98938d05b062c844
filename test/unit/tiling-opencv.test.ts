import { describe, expect, it } from 'vitest';
import { tissueSettings } from '../../src/operators/tiling/tissue-settings.js';
import { tissueSchema } from '../../src/pipeline/config/image-schema.js';
import { rng, type Rng } from '../../src/pipeline/core/rng.js';
import { blobPicture, speckledPicture } from '../support/blobs.js';
import { clamAnswers, ownAnswer, type ClamJob } from '../support/clam.js';
import { pythonWith } from '../support/python-with.js';

const python = pythonWith('cv2', 'numpy');
const pick = <T>(draw: Rng, items: readonly T[]): T => items[draw.int(items.length)] as T;

/** A random picture and random settings. A quarter of the pictures of blobs use a preset unchanged. */
function drawJob(draw: Rng, speckled: boolean): ClamJob {
  const width = 40 + draw.int(speckled ? 100 : 300);
  const height = 40 + draw.int(speckled ? 100 : 300);
  const picture = speckled
    ? speckledPicture(draw, width, height)
    : blobPicture(draw, width, height, 4 + draw.int(60));
  const preset = pick(draw, ['default', 'tcga', 'bwh_biopsy', 'bwh_resection', 'tma'] as const);
  const own = {
    sthresh: draw.int(80),
    mthresh: speckled ? 1 : 1 + 2 * draw.int(6),
    close: speckled ? 0 : draw.int(7),
    useOtsu: draw.int(2) === 0,
    minArea: speckled ? 0 : pick(draw, [0, 0, 0.05, 1]),
    minHoleArea: speckled ? 0 : pick(draw, [0, 0, 0.02, 1]),
    maxHoles: draw.int(speckled ? 100 : 5),
    contourTest: pick(draw, ['basic', 'center', 'four_pt', 'four_pt_hard'] as const),
    padding: draw.int(2) === 0,
  };
  const factor = pick(draw, [1, 3.7, 16, 64]);
  const downsample = [factor, factor * pick(draw, [1, 1.003])] as const;
  const side = pick(draw, [3, 20, 25, 64]) * Math.ceil(factor / 4);
  return {
    picture,
    slide: [Math.floor(width * downsample[0]), Math.floor(height * downsample[1])],
    downsample,
    settings: tissueSettings(
      tissueSchema.parse(!speckled && draw.int(4) === 0 ? { preset } : { preset, ...own }),
    ),
    side: [side, side + draw.int(2)],
    step: [Math.ceil(side / 2) + 3, side + 3],
  };
}

describe.skipIf(python === null)('tissue and tiles are those of OpenCV', () => {
  it(
    'on random pictures under random settings, vertex by vertex and in the same order',
    { timeout: 120_000 },
    () => {
      const draw = rng(4, 'test/blobs');
      const jobs = Array.from({ length: 72 }, (_, i) => drawJob(draw, i % 4 === 3));
      const answers = clamAnswers(python as string, jobs);
      for (const [index, job] of jobs.entries())
        expect(ownAnswer(job), `job ${index}: ${JSON.stringify(job.settings)}`).toEqual(answers[index]);
      expect(answers.filter(({ tiles }) => tiles.length > 0).length).toBeGreaterThan(30);
      expect(
        answers.flatMap(({ outlines }) => outlines.flatMap(({ holes }) => holes)).length,
      ).toBeGreaterThan(500);
    },
  );

  it('for every saturation there is', () => {
    const rgb = new Uint8Array(2 ** 16 * 3);
    for (let i = 0; i < 2 ** 16; i++) {
      const [max, min] = [Math.max(i >> 8, i & 255), Math.min(i >> 8, i & 255)];
      const channels = [max, min, (max + min) >> 1];
      for (let c = 0; c < 3; c++) rgb[3 * i + c] = channels[(c + i) % 3] as number;
    }
    const settings = tissueSettings(tissueSchema.parse({}));
    const picture = { width: 256, height: 256, rgb };
    const job = {
      picture,
      slide: [256, 256],
      downsample: [1, 1],
      settings,
      side: [8, 8],
      step: [8, 8],
    } as const;
    expect(ownAnswer(job).saturation).toBe(clamAnswers(python as string, [job])[0]?.saturation);
  });
});
