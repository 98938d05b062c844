import { describe, expect, it } from 'vitest';
import { jpegColours, jpegHeader } from '../../src/operators/slides/jpeg-header.js';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import { openClosed as openSlide } from '../support/open-slides.js';
import {
  type JpegMarks,
  madeFile,
  type MadeTag,
  madeTiff,
  markedJpeg,
  tablesApart,
} from '../support/tiff-file.js';
import { tileCoreFiles, tileSlideFile } from '../support/tile-images.js';

const colour = [200, 130, 140] as const;
const rgbIds = [0x52, 0x47, 0x42] as const;

const tagsOf = (photometric: number, ...more: readonly MadeTag[]): readonly MadeTag[] => [
  [258, 3, [8, 8, 8]],
  [259, 3, [7]],
  [262, 3, [photometric]],
  [277, 3, [3]],
  ...more,
];

/** A TIFF with two tiles of one colour. With `apart`, the tables of their JPEG are in the TIFF tag JPEGTables. */
async function tiled(
  photometric: number,
  store: 'RGB' | 'YCbCr',
  marks: JpegMarks,
  apart = false,
): Promise<string> {
  const jpeg = await markedJpeg(64, colour, store, marks);
  const split = apart ? tablesApart(jpeg) : { tile: jpeg, tables: null };
  const { tile } = split;
  const tags = tagsOf(photometric, [256, 3, [128]], [257, 3, [64]], [322, 3, [64]], [323, 3, [64]]);
  const tables: readonly MadeTag[] = split.tables ? [[347, 7, split.tables]] : [];
  return madeFile('001.tif', madeTiff([{ tags: [...tags, ...tables], chunks: [tile, tile] }]));
}

async function striped(photometric: number, store: 'RGB' | 'YCbCr', marks: JpegMarks): Promise<string> {
  const jpeg = await markedJpeg(64, colour, store, marks);
  const tags = tagsOf(photometric, [256, 3, [64]], [257, 3, [128]], [278, 3, [64]]);
  return madeFile('001.tif', madeTiff([{ tags, chunks: [jpeg, jpeg], in: 'strips' }]));
}

const meanOf = (pixels: Uint8Array): readonly number[] =>
  [0, 1, 2].map((c) => (3 * pixels.reduce((sum, v, i) => sum + (i % 3 === c ? v : 0), 0)) / pixels.length);

async function colourOf(path: string): Promise<readonly number[]> {
  const reader = await openSlide(path);
  const { width = 0, height = 0 } = reader.info.levels[0] ?? {};
  return meanOf(await reader.read(0, { x: 3, y: 5, width: width - 3, height: height - 5 }));
}

const near = (wanted: readonly number[]): number[] =>
  wanted.map((value) => expect.closeTo(value, -0.5) as number);

const disagrees = /PhotometricInterpretation says (RGB|YCbCr), its JPEG stream (RGB|YCbCr)/;

describe('the colours of JPEG tiles are those of the stream', () => {
  const cases: readonly (readonly [string, 'RGB' | 'YCbCr', JpegMarks])[] = [
    ['JFIF', 'YCbCr', { jfif: true }],
    ['ids 1, 2, 3', 'YCbCr', {}],
    ["Adobe's transform 1", 'YCbCr', { adobe: 1 }],
    ["Adobe's transform 0", 'RGB', { adobe: 0 }],
    ['ids R, G, B', 'RGB', { ids: rgbIds }],
  ];
  for (const [name, store, marks] of cases)
    for (const photometric of [2, 6])
      it(`${name}, tag ${photometric}: in tiles, with tables apart, and in strips`, async () => {
        const agree = (photometric === 6) === (store === 'YCbCr');
        const paths = [
          await tiled(photometric, store, marks),
          await tiled(photometric, store, marks, true),
          await striped(photometric, store, marks),
        ];
        for (const path of paths) {
          expect(await colourOf(path)).toEqual(near(colour));
          const { info } = await openSlide(path);
          expect(info.warnings.map(({ reason }) => reason)).toEqual(
            agree ? [] : [expect.stringMatching(disagrees)],
          );
        }
      });

  it('the tag decides where the stream does not: ids 0, 1, 2, as Aperio writes them', async () => {
    for (const photometric of [2, 6]) {
      const path = await tiled(photometric, photometric === 2 ? 'RGB' : 'YCbCr', { ids: [0, 1, 2] });
      expect(await colourOf(path)).toEqual(near(colour));
      expect((await openSlide(path)).info.warnings).toEqual([]);
    }
  });

  it('single tiles and regions of a slide that lies are the same pixels', async () => {
    const reader = await openSlide(await tiled(2, 'YCbCr', { jfif: true }));
    if (!('cells' in reader)) throw new Error('no cells');
    const [cell] = await (
      reader as never as { cells: (l: number, c: number[]) => Promise<{ pixels: Uint8Array }[]> }
    ).cells(0, [1]);
    expect(await reader.read(0, { x: 64, y: 0, width: 64, height: 64 })).toEqual(cell?.pixels);
  });

  describe('tiles of two kinds in one image', () => {
    const kinds = [
      ['YCbCr', { jfif: true }],
      ['RGB', { adobe: 0 }],
      ['RGB', { ids: rgbIds }],
      ['YCbCr', {}],
    ] as const;
    const mixed = async (photometric: number, order: readonly number[], where: 'tiles' | 'strips') => {
      const chunks = await Promise.all(
        order.map((at) => {
          const [store, marks] = kinds[at] as (typeof kinds)[number];
          return markedJpeg(64, colour, store, marks);
        }),
      );
      const size: readonly MadeTag[] =
        where === 'tiles'
          ? [
              [256, 3, [64 * order.length]],
              [257, 3, [64]],
              [322, 3, [64]],
              [323, 3, [64]],
            ]
          : [
              [256, 3, [64]],
              [257, 3, [64 * order.length]],
              [278, 3, [64]],
            ];
      return madeFile('001.tif', madeTiff([{ tags: tagsOf(photometric, ...size), chunks, in: where }]));
    };

    for (const photometric of [2, 6])
      for (const order of [
        [0, 1],
        [1, 0],
        [1, 2, 3],
        [2, 0, 3, 1],
      ])
        it(`tag ${photometric}, ${order.map((at) => kinds[at]?.[0]).join(' ')}: each is read as its stream says`, async () => {
          const path = await mixed(photometric, order, 'tiles');
          const reader = await openSlide(path);
          const { width = 0 } = reader.info.levels[0] ?? {};
          const pixels = await reader.read(0, { x: 0, y: 0, width, height: 64 });
          for (let i = 0; i < pixels.length; i += 3)
            if ([0, 1, 2].some((c) => Math.abs((pixels[i + c] ?? 0) - (colour[c] ?? 0)) > 3))
              throw new Error(`pixel ${i / 3} is ${pixels.slice(i, i + 3).join(', ')}`);
          expect(reader.info.warnings.map(({ reason }) => reason)).toContainEqual(
            expect.stringContaining('some of its JPEG tiles are RGB, others YCbCr'),
          );
        });

    it('strips are refused, because they are decoded together', async () => {
      expect(await probeSlide(await mixed(6, [0, 1], 'strips'))).toMatchObject({
        ...{
          readable: false,
          reason: expect.stringContaining('JPEG strips are RGB, others YCbCr') as string,
        },
      });
    });
  });

  it('inspect and the tile stage say so in the same words', async () => {
    const path = await tiled(2, 'YCbCr', { jfif: true });
    const probe = await probeSlide(path);
    if (!probe.readable) throw new Error(probe.reason);
    const [warning] = probe.info.warnings;
    expect(warning?.reason).toMatch(disagrees);
    const { problems } = await tileSlideFile(path);
    expect(problems).toContainEqual(
      expect.objectContaining({ severity: 'warning', reason: warning?.reason }),
    );
    const cores = await tileCoreFiles({ patient: '001' }, [await striped(2, 'YCbCr', { jfif: true })]);
    expect(cores.problems).toContainEqual(expect.objectContaining({ reason: warning?.reason }));
  });
});

describe('the header of a JPEG', () => {
  const component = (id: number, h = 1) => ({ id, h, v: 1 });
  const [ycc, rgb] = [[1, 2, 3].map((id) => component(id)), rgbIds.map((id) => component(id))];
  it.each([
    ['JFIF', { components: ycc, jfif: true, adobe: null }, 'YCbCr'],
    ['JFIF and Adobe contradict each other', { components: ycc, jfif: true, adobe: 0 }, null],
    ['JFIF and ids contradict each other', { components: rgb, jfif: true, adobe: null }, null],
    ['Adobe before ids', { components: ycc, jfif: false, adobe: 0 }, 'RGB'],
    [
      'chroma is subsampled',
      { components: [component(0, 2), component(1), component(2)], jfif: false, adobe: null },
      'YCbCr',
    ],
    ['nothing known', { components: [0, 1, 2].map((id) => component(id)), jfif: false, adobe: null }, null],
    ['grey', { components: [component(1)], jfif: true, adobe: null }, null],
    ['four components', { components: [...ycc, component(4)], jfif: false, adobe: 2 }, null],
  ] as const)('%s', (_, header, colours) => {
    expect(jpegColours({ precision: 8, ...header, components: [...header.components] })).toBe(colours);
  });

  it('is not read beyond its end, and of bytes that are none', () => {
    expect(jpegHeader(Uint8Array.of())).toBeNull();
    expect(jpegHeader(Uint8Array.of(0xff, 0xd8))).toMatchObject({ components: [] });
    expect(jpegHeader(Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0))).toMatchObject({ components: [] });
    expect(jpegHeader(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0))).toMatchObject({ components: [] });
  });
});
