import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { colourOf } from '../../src/operators/heatmaps/colour-map.js';
import { rankAttention } from '../../src/operators/heatmaps/attention-ranks.js';
import {
  csvRows,
  embedOf,
  heatmapsOf,
  plainPicture,
  tiledImage,
  tileOf,
  type HeatmapCase,
} from '../support/heatmap-case.js';

const unit = { modality: 'WSI', file: 'wsi/PrimaryTumor_HE_001.svs', encoder: 'onnx' } as const;
const tileUnit = { modality: 'WSI', file: unit.file } as const;

/** Three tiles of 400 level-0 pixels on a slide of 1600 x 800, the one with the highest score in the upper right. */
const corners = [
  [0, 0],
  [1200, 0],
  [0, 400],
] as const;
const slide = async (): Promise<HeatmapCase> => ({
  patients: { '001': { segments: [{ artifact: 'e1', start: 0, rows: 3 }], scores: [-2, 7, 1] } },
  test: ['001'],
  embed: [embedOf('e1', unit, [{ at: corners }])],
  tile: [await tileOf(tileUnit, [tiledImage()])],
});

/** Where the first image of a picture begins. */
const [left, top] = [12, 34];

async function pixelsOf(png: Uint8Array | undefined) {
  if (png === undefined) throw new Error('there is no picture');
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [...data.subarray(3 * (y * info.width + x)).subarray(0, 3)];
  return { at, ...info };
}

/** The picture as text: `colours` gives the letter of a block of one colour. Any other block is shown as "?". */
async function letters(
  png: Uint8Array | undefined,
  { width, height, block }: { width: number; height: number; block: number },
  colours: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { at } = await pixelsOf(png);
  const whole = Array.from({ length: block * block }, (_, i) => [i % block, Math.floor(i / block)] as const);
  return Array.from({ length: height / block }, (_, row) =>
    Array.from({ length: width / block }, (_, column) => {
      const seen = new Set(
        whole.map(([x, y]) => at(left + column * block + x, top + row * block + y).join(',')),
      );
      return seen.size === 1 ? (colours[[...seen][0] as string] ?? '?') : '?';
    }).join(''),
  );
}

describe('a heatmap over a thumbnail', () => {
  it('has every tile at its place in its colour, half see-through (worked out by hand)', async () => {
    const files = await heatmapsOf(await slide());
    // Each colour is the mean of white and violet, green or yellow.
    const colours = { '255,255,255': '.', '162,128,170': 'L', '144,200,198': 'M', '254,243,146': 'H' };
    expect(await letters(files['WSI-001.png'], { width: 160, height: 80, block: 20 }, colours)).toEqual([
      'LL....HH',
      'LL....HH',
      'MM......',
      'MM......',
    ]);
  });

  it('shows the tissue through the colour', async () => {
    const black = { ...(await slide()) };
    const [tile] = black.tile ?? [];
    if (!tile) throw new Error('no tile artifact');
    const files = { ...tile.files, 'thumbnail-0.jpg': await plainPicture(160, 80, '#000') };
    const { at } = await pixelsOf(
      (await heatmapsOf({ ...black, tile: [{ ...tile, files }] }))['WSI-001.png'],
    );
    expect(at(left + 130, top + 10)).toEqual([127, 116, 19]);
    expect(at(left + 80, top + 60)).toEqual([0, 0, 0]);
  });

  it('shows the mean percentile where tiles overlap', async () => {
    const overlapping = await slide();
    const at = [
      [0, 0],
      [200, 0],
      [1200, 400],
    ] as const;
    const files = await heatmapsOf({
      ...overlapping,
      patients: { '001': { segments: [{ artifact: 'e1', start: 0, rows: 3 }], scores: [9, -1, 4] } },
      embed: [embedOf('e1', unit, [{ at }])],
    });
    const mixed = colourOf(0.5);
    const picture = await pixelsOf(files['WSI-001.png']);
    expect(mixed).toEqual([33, 144, 141]);
    expect(picture.at(left + 30, top + 20)).toEqual([144, 200, 198]);
    expect(picture.at(left + 10, top + 20)).toEqual([254, 243, 146]);
    expect(picture.at(left + 50, top + 20)).toEqual([162, 128, 170]);
  });

  it('puts the images of a bag side by side in its order, the scale below', async () => {
    const primary = tiledImage({ rows: 1 });
    const lymph = tiledImage({ id: 'LymphNode_HE_001', source: 'lymph', rows: 2 });
    const lymphUnit = { ...unit, file: 'wsi/LymphNode_HE_001.svs' };
    const files = await heatmapsOf({
      patients: {
        '001': {
          // The primary slide comes first in the bag, whatever the order of the artifacts is.
          segments: [
            { artifact: 'e2', start: 0, rows: 1 },
            { artifact: 'e1', start: 0, rows: 2 },
          ],
          scores: [3, 1, 2],
        },
      },
      test: ['001'],
      embed: [
        embedOf('e1', lymphUnit, [
          {
            source: 'lymph',
            image: lymph.id,
            at: [
              [0, 0],
              [1200, 400],
            ],
          },
        ]),
        embedOf('e2', unit, [{ at: [[400, 0]] }]),
      ],
      tile: [
        await tileOf({ modality: 'WSI', file: lymphUnit.file }, [lymph]),
        await tileOf(tileUnit, [primary]),
      ],
    });
    const { at, height } = await pixelsOf(files['WSI-001.png']);
    expect(at(left + 60, top + 20)).toEqual([254, 243, 146]);
    const second = left + 160 + 12;
    expect(at(second + 20, top + 20)).toEqual([162, 128, 170]);
    expect(at(second + 140, top + 60)).toEqual([144, 200, 198]);
    const bar = height - 12 - 3 * 16 - 7;
    expect([at(12, bar), at(12 + 255, bar)]).toEqual([
      [68, 1, 84],
      [253, 231, 37],
    ]);
    expect(csvRows(files['WSI-001.csv']).map(({ image, row, score }) => [image, row, score])).toEqual([
      ['PrimaryTumor_HE_001', '0', '3'],
      ['LymphNode_HE_001', '0', '1'],
      ['LymphNode_HE_001', '1', '2'],
    ]);
  });
});

describe('a heatmap without thumbnail', () => {
  it('lies on paper scaled from the coordinates, in pixels as in micrometres', async () => {
    const given = { ...(await slide()), tile: [] };
    const colours = { '236,236,236': '.', '68,1,84': 'L', '33,144,141': 'M', '253,231,37': 'H' };
    const expected = ['L..H', 'M...'];
    const size = { width: 64, height: 32, block: 16 };
    const pixels = await heatmapsOf(given);
    expect(await letters(pixels['WSI-001.png'], size, colours)).toEqual(expected);

    const at = corners.map(([x, y]) => [x / 4 + 1000, y / 4 + 50] as const);
    const um = await heatmapsOf({
      ...given,
      embed: [embedOf('e1', unit, [{ at, coords: { unit: 'um', side: 100 } }])],
    });
    expect(await letters(um['WSI-001.png'], size, colours)).toEqual(expected);
    expect(csvRows(um['WSI-001.csv'])[1]).toMatchObject({ x: '1300', y: '50', unit: 'um', side: '100' });
  });

  it('takes the usual distance of neighbours for the side when nobody tells it', async () => {
    const at = [
      [0, 0],
      [512, 0],
      [1024, 0],
      // This tile is in another contour, which has its own grid.
      [1030, 512],
    ] as const;
    const files = await heatmapsOf({
      patients: { '001': { segments: [{ artifact: 'e1', start: 0, rows: 4 }], scores: [1, 2, 3, 4] } },
      test: ['001'],
      embed: [embedOf('e1', unit, [{ at, coords: { unit: 'px', side: null } }])],
    });
    const { at: pixel } = await pixelsOf(files['WSI-001.png']);
    // 512 pixels of the slide are 16 pixels of the picture.
    expect(pixel(left + 33, top + 17)).toEqual([253, 231, 37]);
    expect(pixel(left + 31, top + 17)).toEqual([236, 236, 236]);
    expect(pixel(left + 15, top + 15)).toEqual([68, 1, 84]);
    expect(csvRows(files['WSI-001.csv']).map(({ side }) => side)).toEqual(['', '', '', '']);
  });

  it('is a table alone without coordinates', async () => {
    const given = { ...(await slide()), tile: [] };
    const files = await heatmapsOf({ ...given, embed: [embedOf('e1', unit, [{ at: corners }], false)] });
    expect(Object.keys(files)).toEqual(['WSI-001.csv']);
    expect(csvRows(files['WSI-001.csv'])[1]).toMatchObject({ row: '1', x: '', unit: '', score: '7' });
  });
});

describe('the table of a heatmap', () => {
  const core = (image: string, source: string, at: readonly (readonly [number, number])[]) => ({
    ...{ patient: '002', image, source, at },
  });

  it('has the saved scores of the right patient and rows, their softmax and their percentile', async () => {
    const files = await heatmapsOf({
      modality: 'TMA',
      patients: {
        '001': { segments: [{ artifact: 'of 1', start: 0, rows: 1 }], scores: [50] },
        '002': {
          segments: [
            { artifact: 'of 2', start: 1, rows: 2 },
            { artifact: 'of 2', start: 0, rows: 1 },
          ],
          scores: [0, Math.fround(Math.log(2)), 0],
        },
        '003': null,
        '004': { segments: [{ artifact: 'of 4', start: 0, rows: 1 }], scores: [60] },
      },
      test: ['004', '003', '002'],
      embed: [
        embedOf('of 2', { modality: 'TMA', patient: '002' }, [
          core('b', 'HE', [[5, 6]]),
          core('a', 'CD3', [
            [1, 2],
            [3, 4],
          ]),
        ]),
        embedOf('of 4', { modality: 'TMA', patient: '004' }, [{ patient: '004', at: [[0, 0]] }]),
      ],
    });
    expect(Object.keys(files).sort()).toEqual([
      ...['TMA-002.csv', 'TMA-002.png', 'TMA-002/a.geojson', 'TMA-002/b.geojson'],
      ...['TMA-004.csv', 'TMA-004.png', 'TMA-004/PrimaryTumor_HE_001.geojson'],
    ]);
    const rows = csvRows(files['TMA-002.csv']);
    expect(rows.map(({ source, image, row, x, y }) => [source, image, row, x, y])).toEqual([
      ['CD3', 'a', '0', '1', '2'],
      ['CD3', 'a', '1', '3', '4'],
      ['HE', 'b', '0', '5', '6'],
    ]);
    expect(rows.map(({ percentile }) => percentile)).toEqual(['0.25', '1', '0.25']);
    const attention = rows.map((row) => Number(row['attention']));
    expect(attention.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(attention[1]).toBeCloseTo(0.5, 6);
    expect(csvRows(files['TMA-004.csv'])[0]).toMatchObject({
      score: '60',
      attention: '1',
      percentile: '0.5',
    });
  });

  it('names the fold when every fold has the same test patients', async () => {
    const files = await heatmapsOf({ ...(await slide()), config: { cv: { mode: 'fixedTest' } } });
    expect(Object.keys(files)).toEqual([
      ...['WSI-001-fold0.csv', 'WSI-001-fold0.png', 'WSI-001-fold0/PrimaryTumor_HE_001.geojson'],
    ]);
  });

  it('keeps its softmax finite whatever the scores', () => {
    const { attention, percentile } = rankAttention(Float32Array.of(1e4, -1e4, 1e4));
    expect([...attention]).toEqual([0.5, 0, 0.5]);
    expect([...percentile]).toEqual([0.75, 0, 0.75]);
  });
});

describe('artifacts that do not fit each other', () => {
  const refused = (given: HeatmapCase, what: RegExp) =>
    expect(heatmapsOf(given)).rejects.toMatchObject({
      code: 'HAF_STORE_CORRUPT',
      what: expect.stringMatching(what) as string,
    });

  it('are refused: scores for another number of instances', async () => {
    const segments = [{ artifact: 'e1', start: 0, rows: 3 }];
    await refused(
      { ...(await slide()), patients: { '001': { segments, scores: [1, 2] } } },
      /has 2 scores of patient 001, whose bag has 3 instances/,
    );
  });

  it('are refused: a segment that is no bag, coordinates of other rows, fewer tiles than instances', async () => {
    const given = await slide();
    const segments = [{ artifact: 'e1', start: 1, rows: 2 }];
    await refused(
      { ...given, patients: { '001': { segments, scores: [1, 2] } } },
      /no bag of patient 001 in rows 1 to 3/,
    );
    const [embed] = given.embed;
    if (!embed) throw new Error('no embed artifact');
    const short = { ...embed, files: { ...embed.files, 'coords.f32': new Uint8Array(16) } };
    await refused({ ...given, embed: [short] }, /16 bytes for 3 rows/);
    await refused(
      { ...given, tile: [await tileOf(tileUnit, [tiledImage({ rows: 2 })])] },
      /2 tiles of PrimaryTumor_HE_001, of which 3 instances were made/,
    );
    await refused(
      { ...given, tile: [await tileOf(tileUnit, [tiledImage({ id: 'other' })])] },
      /0 tiles of PrimaryTumor_HE_001/,
    );
  });
});
