import { describe, expect, it } from 'vitest';
import { closing } from '../../src/operators/tiling/closing.js';
import type { GreyImage } from '../../src/operators/tiling/grey-image.js';
import { medianBlur } from '../../src/operators/tiling/median-blur.js';
import { areaOf, boxOf, scaled } from '../../src/operators/tiling/polygon.js';
import { saturation } from '../../src/operators/tiling/saturation.js';
import {
  axisDownsamples,
  bestLevelFor,
  segmentationPicture,
} from '../../src/operators/tiling/segmentation-level.js';
import { areaLimits, selectTissue } from '../../src/operators/tiling/select-tissue.js';
import { otsuThreshold, threshold } from '../../src/operators/tiling/threshold.js';
import { tissueMask, tissueShare } from '../../src/operators/tiling/tissue-mask.js';
import { tissueSettings } from '../../src/operators/tiling/tissue-settings.js';
import { traceContours } from '../../src/operators/tiling/trace-contours.js';
import { tissueSchema } from '../../src/pipeline/config/image-schema.js';

/** A binary picture from rows of text: # is 255. */
function drawn(...rows: readonly string[]): GreyImage {
  const width = rows[0]?.length ?? 0;
  const data = Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 255 : 0));
  return { width, height: rows.length, data };
}

const text = ({ width, data }: GreyImage, marks = '.#'): readonly string[] =>
  Array.from(
    { length: data.length / width },
    (_, y) =>
    Array.from(data.subarray(y * width, (y + 1) * width), (value) => marks[Math.round(value / 255 * (marks.length - 1))]).join(''), // prettier-ignore
  );

/** The outline of a square. Its area is `side` squared. */
const square = (x: number, y: number, side: number): Int32Array =>
  Int32Array.of(x, y, x, y + side, x + side, y + side, x + side, y);

describe('saturation', () => {
  it.each([
    ['black is 0, as the ground of a slide without pixels', [0, 0, 0], 0],
    ['grey is 0', [120, 120, 120], 0],
    ['a pure colour is 255', [0, 0, 200], 255],
    ['255 (max - min) / max, rounded', [200, 150, 180], 64],
    ['in whichever order the channels are', [150, 180, 200], 64],
  ])('%s', (_, rgb, expected) => {
    const into = new Uint8Array(1);
    saturation(Uint8Array.from(rgb), into);
    expect(into[0]).toBe(expected);
  });
});

describe('median', () => {
  it('repeats the border', () => {
    // In the upper left corner, the border pixels are repeated: 9 occurs four times and 0 five times. Without
    // repetition the window would have four pixels and the median 9.
    const image = { width: 3, height: 3, data: Uint8Array.of(9, 9, 0, 9, 0, 0, 0, 0, 0) };
    expect([...medianBlur(image, 3).data]).toEqual([9, 9, 0, 9, 0, 0, 0, 0, 0]);
  });

  it('follows up and down again', () => {
    const data = Uint8Array.of(0, 0, 0, 200, 200, 200, 10, 10, 10);
    expect([...medianBlur({ width: 9, height: 1, data }, 3).data]).toEqual([
      0, 0, 0, 200, 200, 200, 10, 10, 10,
    ]);
  });
});

describe('threshold', () => {
  it('keeps what is above it, not what equals it', () => {
    const image = { width: 3, height: 1, data: Uint8Array.of(7, 8, 9) };
    expect([...threshold(image, 8).data]).toEqual([0, 0, 255]);
  });

  it('of Otsu is the largest value of the darker class; 0 for one value only', () => {
    expect(otsuThreshold({ width: 6, height: 1, data: Uint8Array.of(10, 12, 11, 200, 201, 202) })).toBe(12);
    expect(otsuThreshold({ width: 2, height: 1, data: Uint8Array.of(70, 70) })).toBe(0);
  });
});

describe('closing', () => {
  it('of an odd kernel fills gaps and stays in place', () => {
    const image = drawn('.......', '.......', '..#.#..', '.......', '.......');
    expect(text(closing(image, 3))).toEqual(['.......', '.......', '..###..', '.......', '.......']);
  });

  it('of an even kernel moves by one pixel, as that of OpenCV', () => {
    const image = drawn('......', '......', '..#...', '......', '......');
    expect(text(closing(image, 2))).toEqual(['......', '......', '......', '...#..', '......']);
  });

  it('takes the outside for neither', () => {
    const image = drawn('#..', '...', '...');
    expect(text(closing(image, 3))).toEqual(['#..', '...', '...']);
  });
});

describe('contours', () => {
  it('go round counter-clockwise on the screen from the upper left pixel, each pixel once', () => {
    const [outline] = traceContours(drawn('....', '.##.', '.##.', '....'));
    expect([...(outline?.outer ?? [])]).toEqual([1, 1, 1, 2, 2, 2, 2, 1]);
  });

  it('of a single pixel are that pixel', () => {
    expect(traceContours(drawn('...', '.#.'))).toEqual([{ outer: Int32Array.of(1, 1), holes: [] }]);
  });

  it('of a line go there and back, and its ends are no holes', () => {
    const found = traceContours(drawn('......', '.####.', '......'));
    expect(found).toEqual([{ outer: Int32Array.of(1, 1, 2, 1, 3, 1, 4, 1, 3, 1, 2, 1), holes: [] }]);
  });

  it('of holes are the pixels around them, and a piece in a hole stands alone', () => {
    const found = traceContours(drawn('#####', '#...#', '#.#.#', '#...#', '#####'));
    expect(found.map(({ holes }) => holes.length)).toEqual([0, 1]);
    expect([...(found[0]?.outer ?? [])]).toEqual([2, 2]);
    // The hole is 3 x 3, with 12 pixels around it. The outline is 8-connected, so it does not contain the four corners
    // of the square.
    expect(found[1]?.holes[0]).toHaveLength(2 * 12);
  });

  it('come last met first, holes too', () => {
    const found = traceContours(drawn('#...', '....', '####', '#.#.', '####', '#.#.', '####'));
    expect(found.map(({ outer }) => outer[1])).toEqual([2, 0]);
    expect(found[0]?.holes.map((hole) => hole[1])).toEqual([5, 3]);
  });

  it('end at the border of the picture', () => {
    const [outline] = traceContours(drawn('##', '##'));
    expect(outline?.outer).toHaveLength(8);
    expect(outline?.holes).toEqual([]);
  });
});

describe('polygons', () => {
  it('have the area through the middles of their pixels', () => {
    expect(areaOf(square(3, 4, 10))).toBe(100);
    expect(areaOf(Int32Array.of(1, 1))).toBe(0);
  });

  it('have a box of whole pixels', () => {
    expect(boxOf(square(3, 4, 10))).toEqual({ left: 3, top: 4, right: 14, bottom: 15 });
  });

  it('are scaled per axis, the fraction cut off', () => {
    expect([...scaled(Int32Array.of(3, 3, 5, 7), [1.5, 2.9])]).toEqual([4, 8, 7, 20]);
  });
});

describe('what counts as tissue', () => {
  const settings = { minArea: 2, minHoleArea: 1, maxHoles: 2 };
  // A tile of 512 x 512 slide pixels is 8 x 8 = 64 pixels of the picture.
  const downsample = [64, 64] as const;

  it('areas are counted in tiles of 512, cut to whole pixels', () => {
    expect(areaLimits(settings, downsample)).toEqual({ unit: 64, tissue: 128, hole: 64 });
    expect(areaLimits(settings, [32, 32.017]).unit).toBe(255);
  });

  it.each([
    ['a piece as large as the limit is too small', 128, [], 0],
    ['one above it is tissue', 129, [], 1],
    ['holes of any size count against it', 144, [square(1, 1, 3), square(6, 6, 3)], 0],
  ])('%s', (_, area, holes, pieces) => {
    const outer = Int32Array.of(0, 0, 0, area, 1, area, 1, 0);
    expect(selectTissue([{ outer, holes }], settings, downsample)).toHaveLength(pieces);
  });

  it('a piece that its holes eat up is none, even without a limit', () => {
    const outlines = [{ outer: square(0, 0, 4), holes: [square(0, 0, 4)] }];
    expect(selectTissue(outlines, { ...settings, minArea: -1 }, downsample)).toEqual([]);
  });

  it('the largest holes stay, those as small as the limit do not', () => {
    const [small, equal, large, larger] = [
      square(1, 1, 7),
      square(20, 1, 8),
      square(40, 1, 9),
      square(60, 1, 10),
    ];
    const of = (...holes: Int32Array[]): readonly Int32Array[] | undefined =>
      selectTissue([{ outer: square(0, 0, 90), holes }], settings, downsample)[0]?.holes;
    expect(of(small, equal, large, larger)).toEqual([larger, large]);
    expect(of(equal, small, large)).toEqual([large]);
  });

  it('holes of one size keep their order', () => {
    const holes = [square(1, 1, 11), square(20, 1, 11), square(40, 1, 11)];
    expect(selectTissue([{ outer: square(0, 0, 90), holes }], settings, downsample)[0]?.holes).toEqual(
      holes.slice(0, 2),
    );
  });
});

describe('the level to segment', () => {
  const level = (downsample: number, width = 40_000 / downsample, height = 30_000 / downsample) => ({
    width,
    height,
    downsample,
  });

  it.each([
    [[1], 0],
    [[1, 4, 16, 32], 3],
    [[1, 4, 16, 64], 3],
    [[1, 4, 16, 64.01], 2],
    [[1, 100], 0],
  ])('of downsamples %j is %i', (downsamples, expected) => {
    expect(
      bestLevelFor(
        downsamples.map((d) => level(d)),
        64,
      ),
    ).toBe(expected);
  });

  it('is counted in level-0 pixels per axis', () => {
    expect(axisDownsamples([level(1), level(32, 1250, 937)], 1)).toEqual([32, 30_000 / 937]);
  });

  it('is shrunk to about 64x when it has more than 1e8 pixels', () => {
    expect(segmentationPicture([level(1)], -1)).toEqual({
      level: 0,
      shrink: 64,
      width: 625,
      height: 468,
      downsample: [64, 64],
    });
    expect(segmentationPicture([level(1), level(4)], 1)).toMatchObject({ shrink: 1, width: 10_000 });
  });

  it('is shrunk until it has at most 1e8 pixels, however it was chosen', () => {
    const { width, height } = segmentationPicture([level(1, 900_000, 900_000)], 0);
    expect(width * height).toBeLessThanOrEqual(1e8);
  });
});

describe('settings', () => {
  it('are those of the preset but for what the experiment sets', () => {
    const settings = tissueSettings(
      tissueSchema.parse({ preset: 'bwh_biopsy', sthresh: 20, useOtsu: false }),
    );
    expect(settings).toEqual({
      preset: 'bwh_biopsy',
      segLevel: -1,
      sthresh: 20,
      mthresh: 11,
      close: 2,
      useOtsu: false,
      minArea: 1,
      minHoleArea: 1,
      maxHoles: 2,
      contourTest: 'four_pt',
      padding: true,
    });
  });

  it('want an odd kernel for the median', () => {
    expect(tissueSchema.safeParse({ mthresh: 6 }).success).toBe(false);
    expect(tissueSchema.safeParse({ mthresh: 9 }).success).toBe(true);
  });
});

describe('the picture of the mask', () => {
  it('shows kept pieces white without kept holes, and grey what is too small', () => {
    const mask = drawn(
      '..........',
      '.#######..',
      '.#.....#..',
      '.#.###.#..',
      '.#.#.#.#..',
      '.#.###.#..',
      '.#.....#..',
      '.#######..',
      '.........#',
    );
    const outlines = traceContours(mask);
    const [, inner, outer] = outlines;
    const kept = [inner, outer].flatMap((outline) => (outline ? [outline] : []));
    expect(kept).toHaveLength(2);
    // The hole of the inner piece is not kept: it counts as tissue.
    const picture = tissueMask(
      mask,
      kept.map((outline) => (outline === inner ? { ...outline, holes: [] } : outline)),
    );
    expect(text(picture, '.o#')).toEqual([
      '..........',
      '.#######..',
      '.#.....#..',
      '.#.###.#..',
      '.#.###.#..',
      '.#.###.#..',
      '.#.....#..',
      '.#######..',
      '.........o',
    ]);
    expect(tissueShare(picture)).toBeCloseTo((24 + 9) / 90, 12);
  });
});
