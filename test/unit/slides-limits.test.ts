import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeJpeg2000, encodeJpeg2000 } from '../../src/operators/slides/jpeg2000.js';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import { readTiffTags } from '../../src/operators/slides/tiff-tags.js';
import { openClosed as openSlide } from '../support/open-slides.js';
import { flatRgb, madeFile, type MadeTag, madeTiff, rgbPage } from '../support/tiff-file.js';

const reasonOf = async (bytes: Buffer): Promise<string> => {
  const probe = await probeSlide(madeFile('001.tif', bytes));
  return probe.readable ? 'readable' : probe.reason;
};

const page = (tags: readonly MadeTag[] = []) => rgbPage({ width: 64, height: 64, colour: [9, 9, 9], tags });

/** A copy of bytes, with one change. */
function changed(bytes: Buffer, change: (bytes: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

/** Where the entry of a tag lies in the first directory of a little-endian TIFF. */
function entryOf(bytes: Buffer, tag: number): number {
  const directory = bytes.readUInt32LE(4);
  for (let i = 0; i < bytes.readUInt16LE(directory); i++)
    if (bytes.readUInt16LE(directory + 2 + 12 * i) === tag) return directory + 2 + 12 * i;
  throw new Error(`no tag ${tag}`);
}

describe('a small TIFF that takes much memory is refused before it does', () => {
  it('directories that all name the same bytes', async () => {
    // Each of the 300 directories says that its description is the whole file. All descriptions together would take 300
    // times the memory of the file.
    const bytes = madeTiff(Array.from({ length: 300 }, () => page([[270, 2, Buffer.alloc(5)]])));
    for (let at = bytes.readUInt32LE(4); at !== 0;) {
      const count = bytes.readUInt16LE(at);
      for (let entry = at + 2; entry < at + 2 + 12 * count; entry += 12)
        if (bytes.readUInt16LE(entry) === 270) {
          bytes.writeUInt32LE(bytes.length, entry + 4);
          bytes.writeUInt32LE(0, entry + 8);
        }
      at = bytes.readUInt32LE(at + 2 + 12 * count);
    }
    expect(await reasonOf(bytes)).toMatch(/its tags take more than \d+ bytes, in a file of \d+/);
  });

  it('tags of vendors are not read, however long', async () => {
    const tags = Array.from({ length: 900 }, (_, i): MadeTag => [40_000 + i, 7, Buffer.alloc(8, i)]);
    const bytes = changed(madeTiff([page(tags)]), (copy) => {
      for (let i = 0; i < 900; i++) {
        copy.writeUInt32LE(copy.length, entryOf(copy, 40_000 + i) + 4);
        copy.writeUInt32LE(0, entryOf(copy, 40_000 + i) + 8);
      }
    });
    expect(await reasonOf(bytes)).toBe('readable');
    const { directories } = await readTiffTags(madeFile('001.tif', bytes));
    expect(directories[0]?.ids).toContain(40_899);
  });

  it('a chain of images that leads into its middle', async () => {
    const bytes = madeTiff([page(), page(), page()]);
    const next = (at: number): number => at + 2 + 12 * bytes.readUInt16LE(at);
    const second = bytes.readUInt32LE(next(bytes.readUInt32LE(4)));
    bytes.writeUInt32LE(second, next(bytes.readUInt32LE(next(second))));
    expect(await reasonOf(bytes)).toMatch(/form a loop: the directory at byte \d+ comes twice/);
  });

  it('a directory that is its own SubIFD ends', async () => {
    const bytes = madeTiff([{ ...page(), children: [page()] }]);
    bytes.writeUInt32LE(bytes.readUInt32LE(4), entryOf(bytes, 330) + 8);
    expect(await reasonOf(bytes)).toBe('readable');
  });

  it('thousands of SubIFDs', async () => {
    const bytes = madeTiff([page([[330, 4, Array.from({ length: 5000 }, () => 0)]])]);
    const at = bytes.readUInt32LE(entryOf(bytes, 330) + 8);
    for (let i = 0; i < 5000; i++) bytes.writeUInt32LE(bytes.readUInt32LE(4), at + 4 * i);
    expect(await reasonOf(bytes)).toMatch(/do not end after 4096|take more than/);
  });

  it('a BigTIFF directory of 2^40 tags', async () => {
    const bytes = madeTiff([page()], { big: true });
    bytes.writeBigUInt64LE(2n ** 40n, Number(bytes.readBigUInt64LE(8)));
    expect(await reasonOf(bytes)).toMatch(/a directory of 1099511627776 tags/);
  });

  it.each<readonly [string, number, number, RegExp]>([
    ['a table of 2^30 tiles', 324, 2 ** 30, /a tag of 4294967296 bytes/],
    ['BitsPerSample a million times', 258, 1_000_000, /ends at byte|take more than/],
  ])('%s', async (_, tag, count, reason) => {
    const bytes = madeTiff([page()]);
    bytes.writeUInt32LE(count, entryOf(bytes, tag) + 4);
    expect(await reasonOf(bytes)).toMatch(reason);
  });

  it.each<readonly [string, readonly (readonly [number, number])[], RegExp]>([
    [
      'a slide of 2^31 pixels a side',
      [
        [256, 2 ** 31],
        [257, 2 ** 31],
      ],
      /more than any scanner makes/,
    ],
    [
      'a slide of more tiles than it names',
      [
        [256, 100_000],
        [257, 100_000],
      ],
      /its tags name 1 of \d+ tiles/,
    ],
    [
      'a tile of 60,000 pixels a side',
      [
        [256, 60_000],
        [257, 60_000],
        [322, 60_000],
        [323, 60_000],
      ],
      /tiles have 60000 x 60000 pixels/,
    ],
  ])('%s', async (_, sizes, reason) => {
    const made = rgbPage({ width: 64, height: 64, colour: [9, 9, 9] });
    const ids = sizes.map(([id]) => id);
    const tags = [
      ...made.tags.filter(([id]) => !ids.includes(id)),
      ...sizes.map(([id, value]): MadeTag => [id, 4, [value]]),
    ];
    expect(await reasonOf(madeTiff([{ ...made, tags }]))).toMatch(reason);
  });
});

describe('a JPEG 2000 tile', () => {
  const most = { width: 64, height: 64 };
  const stream = async (change: (bytes: DataView) => void): Promise<Uint8Array> => {
    const bytes = await encodeJpeg2000(flatRgb(64, 64, [150, 80, 160]), 64, 64);
    change(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    return bytes;
  };

  it('is decoded as it was encoded', async () => {
    const { pixels } = await decodeJpeg2000(await stream(() => undefined), false, most);
    expect([...pixels.subarray(0, 3)]).toEqual([150, 80, 160]);
  });

  // Pairs: byte offset after the SIZ marker of JPEG 2000 (ISO 15444-1 A.5.1), and the value that is written there.
  it.each<readonly [string, readonly (readonly [number, number])[], RegExp]>([
    ['of 60,000 pixels a side', [[8, 60_000], [12, 60_000]], /60000 x 60000 pixels in a tile of 64 x 64/], // prettier-ignore
    ['of tiles without a side', [[8, 64], [24, 0], [28, 0]], /a codestream of Infinity tiles/], // prettier-ignore
    ['of 16 tiles, of which one is there', [[24, 16], [28, 16]], /only 1 of 16 tiles of a codestream are there/], // prettier-ignore
  ])('%s is refused', async (_, words, reason) => {
    const bytes = await stream((view) => {
      for (const [at, value] of words) view.setUint32(at, value);
    });
    await expect(decodeJpeg2000(bytes, false, most)).rejects.toThrow(reason);
  });
});

describe('a slide whose rows of tiles take much memory', () => {
  // A row of tiles takes 80,000 x 1200 x 3 bytes. All tiles share the same bytes of the file. Some converters
  // store blank tiles like this.
  it('is read from its tiles, and gives the same pixels', async () => {
    const [width, side] = [80_000, 1200];
    const made = rgbPage({ width: 64, height: 64, colour: [9, 9, 9] });
    const tile = deflateSync(flatRgb(side, side, [150, 80, 160]));
    const columns = Math.ceil(width / side);
    const sizes: readonly MadeTag[] = [
      [256, 4, [width]],
      [257, 4, [side]],
      [259, 3, [8]],
      [322, 4, [side]],
      [323, 4, [side]],
    ];
    const ids = sizes.map(([id]) => id);
    const tags = [...made.tags.filter(([id]) => !ids.includes(id)), ...sizes];
    const bytes = madeTiff([
      { tags, chunks: [tile, ...Array.from({ length: columns - 1 }, () => Buffer.alloc(2))] },
    ]);
    for (const [tag, value] of [
      [324, 8],
      [325, tile.length],
    ] as const) {
      const at = bytes.readUInt32LE(entryOf(bytes, tag) + 8);
      for (let i = 0; i < columns; i++) bytes.writeUInt32LE(value, at + 4 * i);
    }
    const reader = await openSlide(madeFile('001.tif', bytes));
    const pixels = await reader.read(0, { x: 1190, y: 1190, width: 20, height: 20 });
    expect([...pixels.subarray(0, 3)]).toEqual([150, 80, 160]);
    expect([...pixels.subarray(-3)]).toEqual([0, 0, 0]);
  });
});
