import { expect, it } from 'vitest';
import { saturation } from '../../src/operators/tiling/saturation.js';
import { gridTiles } from '../../src/operators/tiling/grid.js';
import { scaled } from '../../src/operators/tiling/polygon.js';
import { segmentTissue } from '../../src/operators/tiling/segment-tissue.js';
import { tissueSettings } from '../../src/operators/tiling/tissue-settings.js';
import { tissueSchema } from '../../src/pipeline/config/image-schema.js';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import { segmentationPicture } from '../../src/operators/tiling/segmentation-level.js';
import { tileSlideFile } from '../support/tile-images.js';
import { benchSlidePath } from '../support/tissue-slide.js';
import { clamAnswers, ownAnswer, type ClamJob } from '../support/clam.js';
import { pythonWith } from '../support/python-with.js';
import { measure, timingTable } from './measure.js';

/** The benchmark slide of several hundred fragments. Our code and OpenCV segment the same picture of this slide. */
const path = await benchSlidePath();
const { picture, slide, downsample } = await segmentedPicture(path);
const python = pythonWith('cv2', 'numpy');

async function segmentedPicture(path: string): Promise<Pick<ClamJob, 'picture' | 'slide' | 'downsample'>> {
  const reader = await openSlide(path);
  const { levels } = reader.info;
  const { level, width, height, downsample } = segmentationPicture(levels, -1);
  const rgb = await reader.read(level, { x: 0, y: 0, width, height });
  await reader.close();
  return {
    picture: { width, height, rgb },
    slide: [levels[0]?.width ?? 0, levels[0]?.height ?? 0],
    downsample,
  };
}

const jobOf = (tissue: object): ClamJob => ({
  picture,
  slide,
  downsample,
  settings: tissueSettings(tissueSchema.parse(tissue)),
  side: [256, 256],
  step: [256, 256],
});

const variants: readonly object[] = [
  ...['default', 'tcga', 'bwh_biopsy', 'bwh_resection', 'tma'].map((preset) => ({ preset })),
  { preset: 'bwh_biopsy', useOtsu: true },
  { preset: 'bwh_biopsy', contourTest: 'four_pt_hard' },
  { preset: 'bwh_biopsy', contourTest: 'center', padding: false },
  { preset: 'bwh_biopsy', contourTest: 'basic' },
];

it.skipIf(python === null)('coordinates are those of CLAM, in the same order', () => {
  const jobs = variants.map(jobOf);
  const answers = clamAnswers(python as string, jobs);
  for (const [index, job] of jobs.entries()) {
    const [own, clam] = [ownAnswer(job), answers[index]];
    const equal = JSON.stringify(own) === JSON.stringify(clam);
    const holes = own.outlines.reduce((sum, outline) => sum + outline.holes.length, 0);
    console.log(
      `${JSON.stringify(variants[index]).padEnd(56)} pieces ${own.outlines.length}, holes ${holes}, ` +
        `tiles ${own.tiles.length / 2}, CLAM ${(clam?.tiles.length ?? 0) / 2}: ${equal ? 'equal' : 'NOT EQUAL'}`,
    );
    expect(equal).toBe(true);
  }
});

it('tissue and grid', async () => {
  const { settings } = jobOf({ preset: 'bwh_biopsy' });
  const grey = {
    width: picture.width,
    height: picture.height,
    data: new Uint8Array(picture.width * picture.height),
  };
  saturation(picture.rgb, grey.data);
  const { outlines } = segmentTissue(grey, settings, downsample);
  const onSlide = outlines.map(({ outer, holes }) => ({
    outer: scaled(outer, downsample),
    holes: holes.map((hole) => scaled(hole, downsample)),
  }));
  const grid = { side: [256, 256], step: [256, 256], contourTest: 'four_pt', padding: true } as const;
  const done = (work: () => unknown) => () => Promise.resolve(work());
  const timings = [
    await measure(
      'saturation',
      10,
      done(() => saturation(picture.rgb, grey.data)),
    ),
    await measure(
      'tissue',
      10,
      done(() => segmentTissue(grey, settings, downsample)),
    ),
    await measure(
      'grid',
      10,
      done(() => gridTiles(onSlide, grid, { width: slide[0], height: slide[1] })),
    ),
  ];
  console.log(timingTable(`${picture.width} x ${picture.height}, ${outlines.length} pieces`, timings));
});

it('the whole stage, pictures and files included', async () => {
  const config = { tissue: { preset: 'bwh_biopsy' } } as const;
  const open = (): ReturnType<typeof openSlide> => openSlide(path);
  let tiles = 0;
  const stage = await measure('tile stage', 3, async () => {
    const { coords } = await tileSlideFile('PrimaryTumor_HE_001.svs', config, open);
    tiles = coords.length;
  });
  console.log(timingTable(`${tiles} tiles`, [stage]));
});
