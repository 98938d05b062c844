import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import { openClosed as openSlide } from '../support/open-slides.js';
import {
  flatRgb,
  madeFile,
  type MadePage,
  type MadeTag,
  madeTiff,
  rgbPage,
  textValue,
} from '../support/tiff-file.js';
import { tileCoreFiles } from '../support/tile-images.js';

interface Format {
  readonly photometric: number;
  readonly samples?: number;
  readonly bits?: number;
  readonly tags?: readonly MadeTag[];
}

/** Two pixels beside each other, uncompressed, in one strip. */
function flatPage({ photometric, samples = 1, bits = 8, tags = [] }: Format, data: Buffer): MadePage {
  return {
    in: 'strips',
    chunks: [data],
    tags: [
      [256, 3, [2]],
      [257, 3, [1]],
      [258, 3, Array.from({ length: samples }, () => bits)],
      [259, 3, [1]],
      [262, 3, [photometric]],
      [277, 3, [samples]],
      [278, 3, [1]],
      ...tags,
    ],
  };
}

const flat = (format: Format, data: Buffer): string =>
  madeFile('001.tif', madeTiff([flatPage(format, data)]));

const words = (...values: readonly number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);

const reasonOf = async (path: string): Promise<string> => {
  const probe = await probeSlide(path);
  return probe.readable ? 'readable' : `${probe.reason} | ${probe.fix}`;
};

async function twoPixels(path: string): Promise<readonly number[]> {
  return [...(await (await openSlide(path)).read(0, { x: 0, y: 0, width: 2, height: 1 }))];
}

const half = 128 << 8;
const colourMap = [0, half, 0xffff, ...Array.from({ length: 253 }, () => 0)];

describe('number formats of a flat TIFF that are read as they are', () => {
  it.each<readonly [string, Format, Buffer, readonly number[]]>([
    ['RGB', { photometric: 2, samples: 3 }, Buffer.from([9, 8, 7, 6, 5, 4]), [9, 8, 7, 6, 5, 4]],
    [
      'RGB and alpha',
      { photometric: 2, samples: 4, tags: [[338, 3, [2]]] },
      Buffer.from([9, 8, 7, 50, 6, 5, 4, 255]),
      [9, 8, 7, 6, 5, 4],
    ],
    [
      'RGB of 16 bits',
      { photometric: 2, samples: 3, bits: 16 },
      words(0xffff, half, 0, 0, half, 0xffff),
      [255, 128, 0, 0, 128, 255],
    ],
    [
      'RGBA of 16 bits',
      { photometric: 2, samples: 4, bits: 16, tags: [[338, 3, [2]]] },
      words(0xffff, half, 0, 1, 0, half, 0xffff, 2),
      [255, 128, 0, 0, 128, 255],
    ],
    ['grey', { photometric: 1 }, Buffer.from([10, 200]), [10, 10, 10, 200, 200, 200]],
    ['grey of which 0 is white', { photometric: 0 }, Buffer.from([10, 200]), [245, 245, 245, 55, 55, 55]],
    ['grey of 16 bits', { photometric: 1, bits: 16 }, words(half, 0xffff), [128, 128, 128, 255, 255, 255]],
    [
      'grey and alpha',
      { photometric: 1, samples: 2, tags: [[338, 3, [2]]] },
      Buffer.from([10, 7, 200, 255]),
      [10, 10, 10, 200, 200, 200],
    ],
    ['1 bit', { photometric: 1, bits: 1 }, Buffer.from([0b0100_0000]), [0, 0, 0, 255, 255, 255]],
    [
      '1 bit of which 0 is white',
      { photometric: 0, bits: 1 },
      Buffer.from([0b0100_0000]),
      [255, 255, 255, 0, 0, 0],
    ],
    [
      'a palette',
      { photometric: 3, tags: [[320, 3, [...colourMap, ...colourMap, ...colourMap]]] },
      Buffer.from([1, 2]),
      [128, 128, 128, 255, 255, 255],
    ],
  ])('%s', async (_, format, data, pixels) => {
    expect(await twoPixels(flat(format, data))).toEqual(pixels);
  });

  it('an image of Motorola, of 16 bits', async () => {
    const data = Buffer.from(words(0xffff, half, 0, 0, half, 0xffff)).swap16();
    const page = flatPage({ photometric: 2, samples: 3, bits: 16 }, data);
    expect(await twoPixels(madeFile('001.tif', madeTiff([page], { motorola: true })))).toEqual([
      255, 128, 0, 0, 128, 255,
    ]);
  });
});

describe('number formats of a flat TIFF that are refused by name', () => {
  const rgb = { photometric: 2, samples: 3 } as const;
  it.each<readonly [string, Format, number, RegExp]>([
    [
      'float',
      { ...rgb, bits: 32, tags: [[339, 3, [3, 3, 3]]] },
      24,
      /3 samples of 32 bits in floating point.*expected RGB or grey.*Export the brightfield image/,
    ],
    [
      'float with the range in tags',
      {
        ...rgb,
        bits: 32,
        tags: [
          [339, 3, [3, 3, 3]],
          [340, 4, [0]],
          [341, 4, [1]],
        ],
      },
      24,
      /floating point/,
    ],
    ['half floats', { ...rgb, bits: 16, tags: [[339, 3, [3, 3, 3]]] }, 12, /16 bits in floating point/],
    [
      'grey floats',
      { photometric: 1, bits: 32, tags: [[339, 3, [3]]] },
      8,
      /1 samples of 32 bits in floating point/,
    ],
    ['32-bit numbers', { ...rgb, bits: 32 }, 24, /3 samples of 32 bits per pixel/],
    ['16 bits of which 0 is white', { photometric: 0, bits: 16 }, 4, /photometric 0 \(grey, white is 0\)/],
    ['signed numbers', { ...rgb, tags: [[339, 3, [2, 2, 2]]] }, 6, /8 bits as signed numbers/],
    ['12 bits', { ...rgb, bits: 12 }, 9, /3 samples of 12 bits/],
    ['CMYK', { photometric: 5, samples: 4 }, 8, /photometric 5 \(CMYK\)/],
    ['Lab', { photometric: 8, samples: 3 }, 6, /photometric 8 \(CIE Lab\)/],
    [
      'YCbCr that no decoder turns into RGB',
      { photometric: 6, samples: 3, tags: [[530, 3, [1, 1]]] },
      6,
      /photometric 6 \(YCbCr\)/,
    ],
    ['five channels', { photometric: 2, samples: 5, tags: [[338, 3, [0, 0]]] }, 10, /5 samples of 8 bits/],
    [
      'a palette of 8-bit colours',
      { photometric: 3, tags: [[320, 3, Array.from({ length: 768 }, (_, i) => i % 256)]] },
      2,
      /palette holds colours of 8 bits/,
    ],
  ])('%s', async (_, format, length, reason) => {
    expect(await reasonOf(flat(format, Buffer.alloc(length, 60)))).toMatch(reason);
  });

  it('16 bits that hold 12: almost black, were they read', async () => {
    const path = flat({ photometric: 2, samples: 3, bits: 16 }, words(4095, 2000, 1000, 0, 0, 4095));
    expect(await reasonOf(path)).toMatch(
      /none is above 4095: they seem to hold 12 bits.*Export the brightfield/,
    );
  });

  it('grey images of one size: channels, not a picture', async () => {
    const page = flatPage({ photometric: 1 }, Buffer.from([1, 2]));
    expect(await reasonOf(madeFile('001.tif', madeTiff([page, page, page])))).toMatch(
      /3 grey images of 2 x 1 pixels/,
    );
    const stack = {
      ...page,
      tags: [...page.tags, [270, 2, textValue('ImageJ=1.53t\nimages=4\nchannels=4\n')] as const],
    };
    expect(await reasonOf(madeFile('001.tif', madeTiff([stack])))).toMatch(/4 grey images/);
  });

  it('of several RGB images the largest is read, and the others are named', async () => {
    const page = flatPage({ photometric: 2, samples: 3 }, Buffer.alloc(6, 99));
    const { info } = await openSlide(madeFile('001.tif', madeTiff([page, page])));
    expect(info.warnings).toMatchObject([
      { reason: 'it holds another image that is not read: 2 x 1 pixels' },
    ]);
  });
});

describe('a pyramid of other number formats', () => {
  it.each<readonly [string, readonly MadeTag[], RegExp]>([
    ['signed numbers', [[339, 3, [2, 2, 2]]], /8 bits as signed numbers/],
    ['YCbCr that no decoder turns into RGB', [[262, 3, [6]]], /photometric 6 \(YCbCr\); expected 8-bit RGB/],
    [
      'floats',
      [
        [258, 3, [32, 32, 32]],
        [339, 3, [3, 3, 3]],
      ],
      /32 bits in floating point/,
    ],
  ])('%s', async (_, changed, reason) => {
    const page = rgbPage({ width: 64, height: 64, colour: [1, 2, 3] });
    const ids = changed.map(([id]) => id);
    const tags = [...page.tags.filter(([id]) => !ids.includes(id)), ...changed];
    expect(await reasonOf(madeFile('001.tif', madeTiff([{ ...page, tags }])))).toMatch(reason);
  });

  it('colours in tiles of their own are refused by name, in strips they are read', async () => {
    const plane = (value: number, length: number): Buffer => Buffer.alloc(length, value);
    const tiled = rgbPage({ width: 64, height: 64, colour: [0, 0, 0], tags: [[284, 3, [2]]] });
    const planes = [9, 8, 7].map((value) => plane(value, 64 * 64));
    expect(await reasonOf(madeFile('001.tif', madeTiff([{ ...tiled, chunks: planes }])))).toMatch(
      /PlanarConfiguration 2/,
    );
    const flatPlanes = flatPage({ photometric: 2, samples: 3, tags: [[284, 3, [2]]] }, Buffer.alloc(0));
    const chunks = [9, 8, 7].map((value) => plane(value, 2));
    expect(await twoPixels(madeFile('001.tif', madeTiff([{ ...flatPlanes, chunks }])))).toEqual([
      9, 8, 7, 9, 8, 7,
    ]);
  });
});

describe('PNG and JPEG', () => {
  const rgb = () => sharp(flatRgb(16, 16, [200, 100, 50]), { raw: { width: 16, height: 16, channels: 3 } });

  it('a CMYK JPEG is refused by name, and so is one of 12 bits', async () => {
    const cmyk = await rgb().toColourspace('cmyk').jpeg().toBuffer();
    expect(await reasonOf(madeFile('a.jpg', cmyk))).toMatch(
      /JPEG of 4 samples of 8 bits per pixel \(CMYK\).*Export/,
    );
    const twelve = Buffer.from(await rgb().jpeg().toBuffer());
    twelve[twelve.indexOf(Buffer.from([0xff, 0xc0])) + 4] = 12;
    expect(await reasonOf(madeFile('a.jpg', twelve))).toMatch(/JPEG of 3 samples of 12 bits/);
  });

  it('a PNG of 16 bits is read when it uses them, and refused when it does not', async () => {
    const png = (values: readonly number[]) =>
      sharp(Uint16Array.from(values), { raw: { width: 2, height: 1, channels: 3 } })
        .toColourspace('rgb16')
        .png()
        .toBuffer();
    expect(await twoPixels(madeFile('a.png', await png([0xffff, half, 0, 0, half, 0xffff])))).toEqual([
      255, 128, 0, 0, 128, 255,
    ]);
    expect(await reasonOf(madeFile('a.png', await png([1023, 0, 0, 0, 0, 1000])))).toMatch(
      /seem to hold 10 bits/,
    );
  });

  it('a core that is refused costs itself, and the other cores of the patient are tiled', async () => {
    const core = (name: string, bytes: Buffer): string =>
      madeFile(`TumorCenter_${name}_block1_x1_y1_patient007.${bytes[0] === 0x89 ? 'png' : 'jpg'}`, bytes);
    const paths = [
      core('HE', await rgb().toColourspace('cmyk').jpeg().toBuffer()),
      core('CD3', await rgb().png().toBuffer()),
    ];
    const { images, problems } = await tileCoreFiles({ patient: '007' }, paths);
    expect(images.map(({ source, outcome }) => [source, outcome])).toEqual([
      ['CD3', 'ok'],
      ['HE', 'failed'],
    ]);
    expect(problems).toContainEqual(
      expect.objectContaining({ severity: 'failure', reason: expect.stringMatching(/CMYK/) as string }),
    );
  });
});
