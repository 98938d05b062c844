import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { openClosed as openSlide } from '../support/open-slides.js';
import { encodeJpeg2000 } from '../../src/operators/slides/jpeg2000.js';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import { readTiffDirectory, type TiffPage } from '../../src/operators/slides/tiff-directory.js';
import { omeImageOf, omeImages } from '../../src/operators/slides/ome-xml.js';
import { pixelSize } from '../../src/operators/slides/slide-physics.js';
import type { Region } from '../../src/operators/slides/slide-reader.js';
import { greatestDifference, paintWaves, slideFolder, writePainted } from '../support/painted-slide.js';
import { slidesFolder } from '../support/shared.js';

const waves = (width: number, height: number) =>
  sharp(paintWaves({ x: 0, y: 0, width, height }), { raw: { width, height, channels: 3 } });

function written(name: string, content: string | Buffer): string {
  const path = join(slideFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** Copies a slide and changes some of its bytes. */
async function damaged(path: string, change: (bytes: Buffer, page: TiffPage) => Buffer): Promise<string> {
  const [page] = (await readTiffDirectory(path)).pages;
  return written('damaged.svs', change(readFileSync(path), page as TiffPage));
}

const reasonOf = async (path: string): Promise<string> => {
  const probe = await probeSlide(path);
  return probe.readable ? 'readable' : `${probe.reason} | ${probe.fix}`;
};

describe.skipIf(slidesFolder === null)('the slides of OpenSlide', () => {
  const file = (name: string): string => join(slidesFolder as string, name);

  it('small.svs: one level, photometric RGB', async () => {
    expect(await probeSlide(file('small.svs'))).toMatchObject({
      readable: true,
      info: {
        ...{ vendor: 'aperio', levels: [{ width: 16, height: 16, downsample: 1 }], magnification: 20 },
        mpp: { x: 0.499, y: 0.499, source: 'Aperio MPP' },
      },
    });
    const reader = await openSlide(file('small.svs'));
    const pixels = await reader.read(0, { x: -4, y: -4, width: 24, height: 24 });
    const stored = await sharp(file('small.svs'), { ignoreIcc: true })
      .extend({ top: 4, left: 4, bottom: 4, right: 4, background: 'black' })
      .raw()
      .toBuffer();
    expect(greatestDifference(pixels, stored)).toBe(0);
  });

  it('boxes.tiff: four levels, the last narrower than its tile, profile not applied', async () => {
    const reader = await openSlide(file('boxes.tiff'));
    expect(reader.info).toMatchObject({ vendor: 'generic', compression: 'Deflate', mpp: null });
    expect(reader.info.levels.map(({ width, height }) => [width, height])).toEqual([
      [300, 250],
      [150, 125],
      [75, 62],
      [37, 31],
    ]);
    expect(reader.info.levels[3]?.downsample).toBeCloseTo((300 / 37 + 250 / 31) / 2, 10);
    const whole = { x: 0, y: 0, width: 37, height: 31 };
    const pixels = await reader.read(3, whole);
    expect(
      greatestDifference(await reader.read(3, { ...whole, x: 5, width: 64 }), shifted(pixels, 37, 31, 5, 64)),
    ).toBe(0);
    const base = await sharp(file('boxes.tiff'), { ignoreIcc: true })
      .resize(37, 31, { kernel: 'linear' })
      .raw()
      .toBuffer();
    const mean =
      pixels.reduce((sum, value, i) => sum + Math.abs(value - (base[i] as number)), 0) / pixels.length;
    expect(mean).toBeLessThan(12);
  });

  it('unreadable.svs: sound tags over damaged pixels', async () => {
    await expect(openSlide(file('unreadable.svs'))).resolves.toMatchObject({ info: { vendor: 'aperio' } });
    expect(await reasonOf(file('unreadable.svs'))).toMatch(
      /level 0, x 0 to 16.*Bogus marker length.*Copy the file again/,
    );
  });

  it('unopenable.tiff: a compression nobody knows', async () => {
    expect(await reasonOf(file('unopenable.tiff'))).toMatch(/unknown \(number 52479\).*vips tiffsave/);
  });
});

/** The columns of an image from x to x + `seen`. Columns beyond the right edge of the image are black. */
function shifted(rgb: Uint8Array, width: number, height: number, x: number, seen: number): Uint8Array {
  const out = new Uint8Array(seen * height * 3);
  for (let y = 0; y < height; y++)
    out.set(rgb.subarray((y * width + x) * 3, (y + 1) * width * 3), y * seen * 3);
  return out;
}

describe('files that are no slide', () => {
  it.each([
    ['empty.svs', '', /it is empty/],
    ['text.svs', 'patient_id,outcome\n', /not a TIFF, PNG or JPEG/],
    [
      'a.mrxs',
      'x',
      /MIRAX is read by OpenSlide.*slides install.*vips tiffsave \S+a\.mrxs \S+a-converted\.tif /,
    ],
    ['a.vsi', 'II*\0', /Olympus VSI is not read here.*bfconvert/],
    ['a.czi', 'ZISRAWFILE\0', /Zeiss CZI is read by OpenSlide.*slides install.*bfconvert/],
    ['a.svslide', 'SQLite format 3\0', /Sakura is read by OpenSlide.*slides install.*vips tiffsave/],
    ['a.dcm', `${'\0'.repeat(128)}DICM`, /DICOM is read by OpenSlide.*slides install.*vips tiffsave/],
    ['a.tif', 'II*\0', /TIFF structure is damaged/],
    ['a.png', '\x89PNG\r\n\x1a\n', /header is damaged/],
  ])('%s', async (name, content, reason) => {
    expect(await reasonOf(written(name, Buffer.from(content, 'latin1')))).toMatch(reason);
  });

  it('a file that is gone', async () => {
    expect(await reasonOf(join(slideFolder(), 'gone.svs'))).toMatch(/ENOENT.*Check that the file exists/);
  });

  it('quotes a path with blanks in the command', async () => {
    const path = written('two words.mrxs', 'x');
    expect(await reasonOf(path)).toContain(`'${path}' '${path.replace('.mrxs', '-converted.tif')}'`);
  });
});

describe('damaged slides', () => {
  it.each([0.3, 0.7, 0.99, 0.9999])('cut short at %s of its bytes', async (share) => {
    const path = await damaged(await writePainted('a.svs'), (bytes) =>
      bytes.subarray(0, bytes.length * share),
    );
    expect(await reasonOf(path)).toMatch(
      /(TIFF structure is damaged|the file ends at byte).*Copy the file again/,
    );
  });

  it('cut short where the tags stand first', async () => {
    const source = join(slideFolder(), 'a.tif');
    await waves(600, 500)
      .tiff({ tile: true, pyramid: true, tileWidth: 64, tileHeight: 64, compression: 'deflate' })
      .toFile(source);
    const whole = readFileSync(source);
    for (let share = 0.1; share < 1; share += 0.1) {
      const reason = await reasonOf(written('b.tif', whole.subarray(0, Math.floor(whole.length * share))));
      expect(reason).toMatch(/damaged|ends at byte/);
    }
  });

  it('a corrupt tile in the middle ends the read that needs it, and names the place', async () => {
    const path = await damaged(await writePainted('a.svs'), (bytes, { chunks }) => {
      // Tile 25 is in column 3 of row 2, because a row has eleven tiles.
      bytes.fill(0, chunks.offsets[25], (chunks.offsets[25] as number) + (chunks.byteCounts[25] as number));
      return bytes;
    });
    const reader = await openSlide(path);
    await expect(reader.read(0, { x: 0, y: 0, width: 128, height: 128 })).resolves.toHaveLength(
      128 * 128 * 3,
    );
    await expect(reader.read(0, { x: 150, y: 100, width: 64, height: 64 })).rejects.toMatchObject({
      code: 'HAF_SLIDE_UNREADABLE',
      what: expect.stringMatching(/level 0, x 150 to 214, y 100 to 164 are damaged/) as string,
    });
  });

  it.each(['jp2k33003', 'jp2k33005'] as const)('a corrupt JPEG 2000 tile (%s)', async (compression) => {
    const path = await damaged(await writePainted('a.svs', { compression }), (bytes, { chunks }) => {
      bytes.fill(0, (chunks.offsets[0] as number) + 4, (chunks.offsets[0] as number) + 200);
      return bytes;
    });
    const reader = await openSlide(path);
    await expect(reader.read(0, { x: 64, y: 0, width: 64, height: 64 })).resolves.toHaveLength(64 * 64 * 3);
    await expect(reader.read(0, { x: 0, y: 0, width: 64, height: 64 })).rejects.toMatchObject({
      code: 'HAF_SLIDE_UNREADABLE',
    });
    // For the corrupt tile the decoder must not return the previous tile. It must still decode the tile after it.
    await expect(reader.read(0, { x: 128, y: 0, width: 64, height: 64 })).resolves.toHaveLength(64 * 64 * 3);
    await reader.close();
  });

  it('a JPEG 2000 tile of fewer pixels than its place has', async () => {
    const small = await encodeJpeg2000(new Uint8Array(32 * 32 * 3), 32, 32);
    const options = { compression: 'jp2k33005' } as const;
    const path = await damaged(await writePainted('a.svs', options), (bytes, { chunks }) => {
      expect(small.length).toBeLessThanOrEqual(chunks.byteCounts[0] as number);
      bytes.set(small, chunks.offsets[0]);
      return bytes;
    });
    const reader = await openSlide(path);
    await expect(reader.read(0, { x: 0, y: 0, width: 64, height: 64 })).rejects.toMatchObject({
      code: 'HAF_SLIDE_UNREADABLE',
      what: expect.stringContaining('tile 0 holds 32 x 32 pixels, 64 x 64 expected') as string,
    });
    // The last tile of a row extends beyond the edge of the level.
    await expect(reader.read(0, { x: 690, y: 490, width: 10, height: 10 })).resolves.toHaveLength(300);
  });

  it('a chain of images that bites its tail', async () => {
    const path = await damaged(await writePainted('a.svs'), (bytes) => {
      const first = bytes.readUInt32LE(4);
      bytes.writeUInt32LE(first, first + 2 + 12 * bytes.readUInt16LE(first));
      return bytes;
    });
    expect(await reasonOf(path)).toMatch(/form a loop: the directory at byte \d+ comes twice/);
  });
});

/** A copy of a slide in which the compression tag of one page is replaced. */
function relabelled(path: string, page: number, compression: number): string {
  const bytes = readFileSync(path);
  let directory = bytes.readUInt32LE(4);
  for (let i = 0; i < page; i++)
    directory = bytes.readUInt32LE(directory + 2 + 12 * bytes.readUInt16LE(directory));
  for (let at = directory + 2; at < directory + 2 + 12 * bytes.readUInt16LE(directory); at += 12)
    if (bytes.readUInt16LE(at) === 259) bytes.writeUInt16LE(compression, at + 8);
  return written('relabelled.svs', bytes);
}

describe('JPEG 2000 is never given to libvips, which makes one green of it', () => {
  it('in a lower level of a JPEG slide', async () => {
    const path = await writePainted('a.svs');
    expect(await reasonOf(relabelled(path, 2, 7))).toBe('readable');
    expect(await reasonOf(relabelled(path, 2, 33_003))).toMatch(/JPEG 2000 \(YCbCr\) where.*vips tiffsave/);
  });

  it('nor is JPEG given to OpenJPEG', async () => {
    const path = await writePainted('a.svs', { compression: 'jp2k33005' });
    expect(await reasonOf(relabelled(path, 2, 7))).toMatch(/holds JPEG where only JPEG 2000 is read/);
  });

  it('in an image without tiles', async () => {
    const path = join(slideFolder(), 'a.tif');
    await waves(64, 64).tiff({ compression: 'lzw' }).toFile(path);
    expect(await reasonOf(path)).toBe('readable');
    expect(await reasonOf(relabelled(path, 0, 33_003))).toMatch(/JPEG 2000 \(YCbCr\) where/);
  });
});

describe('other TIFFs', () => {
  const region: Region = { x: 50, y: 40, width: 200, height: 100 };

  it.each(['lzw', 'deflate', 'webp', 'none'] as const)('a pyramid compressed by %s', async (compression) => {
    const path = join(slideFolder(), 'a.tif');
    await waves(600, 500)
      .tiff({ tile: true, pyramid: true, tileWidth: 64, tileHeight: 64, compression, quality: 100 })
      .toFile(path);
    const reader = await openSlide(path);
    expect(reader.info).toMatchObject({ vendor: 'generic', mpp: null });
    expect(reader.info.levels.map(({ width }) => width)).toEqual([600, 300, 150, 75, 37]);
    expect(greatestDifference(await reader.read(0, region), paintWaves(region))).toBeLessThan(
      compression === 'webp' ? 256 : 1,
    );
  });

  it('an OME-TIFF with its pyramid in SubIFDs', async () => {
    const { path, flat } = await writeOme();
    const [reader, chained] = [await openSlide(path), await openSlide(flat)];
    expect(reader.info).toMatchObject({
      vendor: 'ome',
      mpp: { x: 0.5, y: 0.25, source: 'OME PhysicalSize' },
      magnification: 40,
      levels: [{ width: 300 }, { width: 150 }],
    });
    for (const level of [0, 1])
      expect(greatestDifference(await reader.read(level, region), await chained.read(level, region))).toBe(0);
  });

  it.each(['a.png', 'a.jpg', 'a.tif'])('an image without pyramid: %s', async (name) => {
    const path = join(slideFolder(), name);
    await waves(300, 250).toFile(path);
    const reader = await openSlide(path);
    expect(reader.info).toMatchObject({
      vendor: 'plain',
      levels: [{ width: 300, height: 250, downsample: 1 }],
      mpp: null,
    });
    const stored = await sharp(path).extract({ left: 50, top: 40, width: 200, height: 100 }).raw().toBuffer();
    expect(greatestDifference(await reader.read(0, region), stored)).toBe(0);
  });

  it.each([
    ['grey', () => waves(64, 64).greyscale(), 3],
    ['with alpha', () => waves(64, 64).ensureAlpha(0.5), 3],
    ['16 bit', () => waves(64, 64).toColourspace('rgb16'), 3],
  ])('a PNG %s reads as RGB', async (_, image, channels) => {
    const path = join(slideFolder(), 'a.png');
    await image().png().toFile(path);
    const reader = await openSlide(path);
    expect(await reader.read(0, { x: 0, y: 0, width: 64, height: 64 })).toHaveLength(64 * 64 * channels);
  });

  it('a pyramid of grey pixels is refused', async () => {
    const path = join(slideFolder(), 'a.tif');
    await waves(600, 500)
      .greyscale()
      .toColourspace('b-w')
      .tiff({ tile: true, pyramid: true, compression: 'lzw' })
      .toFile(path);
    expect(await reasonOf(path)).toMatch(/1 samples of 8 bits.*Export the brightfield image/);
  });

  it('in the byte order of Motorola reads the same', async () => {
    const [little, big] = [join(slideFolder(), 'a.tif'), join(slideFolder(), 'b.tif')];
    await waves(3000, 2000)
      .tiff({ tile: true, pyramid: true, tileWidth: 64, tileHeight: 64, compression: 'lzw' })
      .toFile(little);
    writeFileSync(big, toBigEndian(readFileSync(little)));
    const [a, b] = [await openSlide(little), await openSlide(big)];
    expect(b.info).toEqual(a.info);
    expect(greatestDifference(await a.read(0, region), await b.read(0, region))).toBe(0);
  });
});

/** Reverses the bytes of each number in the header and the directories. LZW data has no byte order. */
function toBigEndian(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  const sizes: Readonly<Record<number, number>> = { 3: 2, 4: 4, 5: 4 };
  const turn = (at: number, size: number): void => void out.subarray(at, at + size).reverse();
  out.write('MM', 0, 'latin1');
  turn(2, 2);
  turn(4, 4);
  for (let at = bytes.readUInt32LE(4); at !== 0;) {
    const count = bytes.readUInt16LE(at);
    turn(at, 2);
    for (let i = 0; i < count; i++) {
      const entry = at + 2 + 12 * i;
      const [type, length] = [bytes.readUInt16LE(entry + 2), bytes.readUInt32LE(entry + 4)];
      const words = length * (type === 5 ? 2 : 1);
      const total = words * (sizes[type] ?? 1);
      const data = total > 4 ? bytes.readUInt32LE(entry + 8) : entry + 8;
      for (let word = 0; word < words; word++) turn(data + word * (sizes[type] ?? 1), sizes[type] ?? 1);
      if (total > 4) turn(entry + 8, 4);
      turn(entry, 2);
      turn(entry + 2, 2);
      turn(entry + 4, 4);
    }
    const next = at + 2 + 12 * count;
    at = bytes.readUInt32LE(next);
    turn(next, 4);
  }
  return out;
}

/** The same slide twice: its levels in a chain, and its lower level in a SubIFD as bfconvert writes it. */
async function writeOme(): Promise<{ readonly path: string; readonly flat: string }> {
  const path = join(slideFolder(), 'a.ome.tif');
  const xml =
    '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">' +
    '<Instrument ID="I"><Objective ID="O" NominalMagnification="40"/></Instrument>' +
    '<Image ID="Image:0"><Pixels PhysicalSizeX="500" PhysicalSizeXUnit="nm" PhysicalSizeY="0.25" SizeX="300"/></Image></OME>';
  const { writeSlideFile } = await import('../../src/operators/synthetic/slide-file.js');
  const flat = join(slideFolder(), 'flat.tif');
  await writeSlideFile(
    {
      ...{
        path: flat,
        width: 300,
        height: 250,
        tile: 64,
        downsamples: [1, 2],
        mpp: null,
        magnification: null,
      },
      description: xml,
    },
    paintWaves,
  );
  copyFileSync(flat, path);
  nestSecondLevel(path);
  return { path, flat };
}

/** Makes the lower level a SubIFD: adds a copy of the base directory that ends the chain and has a SubIFDs tag. */
function nestSecondLevel(path: string): void {
  const bytes = readFileSync(path);
  const next = (at: number): number => at + 2 + 12 * bytes.readUInt16LE(at);
  const base = bytes.readUInt32LE(4);
  const lower = bytes.readUInt32LE(next(bytes.readUInt32LE(next(base))));
  const count = bytes.readUInt16LE(base);
  const entries = Array.from({ length: count }, (_, i) =>
    bytes.subarray(base + 2 + 12 * i, base + 14 + 12 * i),
  );
  const sub = Buffer.alloc(12);
  sub.writeUInt16LE(330, 0);
  sub.writeUInt16LE(4, 2);
  sub.writeUInt32LE(1, 4);
  sub.writeUInt32LE(lower, 8);
  const head = Buffer.alloc(2);
  head.writeUInt16LE(count + 1);
  const directory = Buffer.concat([head, ...entries, sub, Buffer.alloc(4)]);
  const at = bytes.length + (bytes.length % 2);
  bytes.writeUInt32LE(at, 4);
  bytes.writeUInt32LE(0, next(lower));
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(at - bytes.length), directory]));
}

describe('a file that is replaced under its name', () => {
  const colours = [
    [200, 100, 50],
    [20, 130, 240],
  ] as const;
  const kinds: readonly (readonly [string, (image: Sharp) => Sharp])[] = [
    ['a.png', (image) => image.png()],
    ['a.tif', (image) => image.tiff({ compression: 'none' })],
    ['b.tif', (image) => image.tiff({ compression: 'none', tile: true, tileWidth: 64, tileHeight: 64 })],
  ];
  it.each(kinds)('gives its own pixels: %s', async (name, encode) => {
    const path = join(slideFolder(), name);
    for (const [r, g, b] of colours) {
      const image = sharp({ create: { width: 100, height: 80, channels: 3, background: { r, g, b } } });
      writeFileSync(path, await encode(image).toBuffer());
      const pixels = await (await openSlide(path)).read(0, { x: 0, y: 0, width: 1, height: 1 });
      expect([...pixels]).toEqual([r, g, b]);
    }
  });
});

describe('the size of a pixel', () => {
  const page = { description: '', resolution: null } as unknown as TiffPage;
  const of = (vendor: string, change: Partial<TiffPage>) => {
    const changed = { ...page, ...change };
    const images = omeImages(changed.description, 'a.ome.tif');
    return pixelSize(vendor, changed, omeImageOf(images, changed), images.length).mpp;
  };
  const ome = (attributes: string): Partial<TiffPage> => ({
    description: `<OME><Pixels ${attributes}/></OME>`,
  });

  it.each([
    ['Aperio', 'aperio', { description: 'Aperio x|AppMag = 20|MPP = 0.4990|Left = 1' }, 0.499, 'Aperio MPP'],
    [
      'Aperio first',
      'aperio',
      { description: 'Aperio|MPP = 0.5', resolution: { x: 40_000, y: 40_000, unit: 3 } },
      0.5,
      'Aperio MPP',
    ],
    [
      'Aperio without',
      'aperio',
      { description: 'Aperio', resolution: { x: 40_000, y: 40_000, unit: 3 } },
      0.25,
      'TIFF resolution',
    ],
    [
      'OME',
      'ome',
      ome('PhysicalSizeX="0.25" PhysicalSizeXUnit="\u00b5m" PhysicalSizeY="0.25"'),
      0.25,
      'OME PhysicalSize',
    ],
    [
      'OME in mm',
      'ome',
      ome('PhysicalSizeX="5E-4" PhysicalSizeXUnit="mm" PhysicalSizeY="0.5"'),
      0.5,
      'OME PhysicalSize',
    ],
    ['per inch', 'generic', { resolution: { x: 50_800, y: 50_800, unit: 2 } }, 0.5, 'TIFF resolution'],
    ['per centimetre', 'generic', { resolution: { x: 20_000, y: 20_000, unit: 3 } }, 0.5, 'TIFF resolution'],
  ])('%s', (_, vendor, change, mpp, source) => {
    expect(of(vendor, change)).toEqual({
      x: expect.closeTo(mpp, 10) as number,
      y: expect.closeTo(mpp, 10) as number,
      source,
    });
  });

  it.each([
    ['nothing', 'generic', {}],
    ['72 per inch', 'generic', { resolution: { x: 72, y: 72, unit: 2 } }],
    ['300 per inch', 'generic', { resolution: { x: 300, y: 300, unit: 2 } }],
    ['28.3 per centimetre', 'generic', { resolution: { x: 28.3, y: 28.3, unit: 3 } }],
    ['no unit', 'generic', { resolution: { x: 20_000, y: 20_000, unit: 1 } }],
    ['Aperio with MPP = 0', 'aperio', { description: 'Aperio|MPP = 0' }],
    ['OME in pixels', 'ome', ome('PhysicalSizeX="1" PhysicalSizeXUnit="pixel" PhysicalSizeY="1"')],
  ])('is unknown: %s', (_, vendor, change) => {
    expect(of(vendor, change)).toBeNull();
  });

  it('is unknown in a slide written without it', async () => {
    const path = await writePainted('a.svs', { mpp: null, magnification: null });
    expect((await openSlide(path)).info).toMatchObject({ mpp: null, magnification: null });
  });
});
