import sharp from 'sharp';
import type { Region } from '../slides/slide-reader.js';
import { halve, TileRows } from './pyramid-level.js';
import { codingTags, encodeJpeg, encodeTile, type SlideCompression } from './tile-codec.js';
import { textTag, type TiffTag, TiffWriter } from './tiff-writer.js';

export interface SlideFileOptions {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  /**
   * Side length of a stored tile, a power of two.
   * @default 256
   */
  readonly tile?: number;
  /**
   * The downsampling factor of each level: powers of two from 1 to at most `tile`, ascending.
   * @default [1, 4, 16]
   */
  readonly downsamples?: readonly number[];
  /** Micrometres per pixel. If null, ImageDescription does not state them. */
  readonly mpp: number | null;
  readonly magnification: number | null;
  /**
   * Quality of the JPEG tiles.
   * @default 70
   */
  readonly quality?: number;
  readonly compression?: SlideCompression;
  /** Whether the file is a BigTIFF. By default only if the file may exceed 4 GB. */
  readonly bigTiff?: boolean;
  /** Tiles that are stored without data. `cell` is the index of the tile in its level, counted row by row from 0. */
  readonly missing?: readonly { readonly level: number; readonly cell: number }[];
  /** Replaces Aperio's ImageDescription of the base image (level 0). */
  readonly description?: string;
  /**
   * Adds a label image and a macro image, as scanners do.
   * @default false
   */
  readonly associated?: boolean;
}

/** Number of tiles encoded at once. They are still written in order. */
const inFlight = 8;
const thumbnailSide = 1024;
/** Maximum number of pixels of a classic TIFF, which is limited to 4 GB. A pixel needs at most two bytes as JPEG. */
const classicPixels = 2e9;

type Paint = (region: Region) => Uint8Array;

interface Level {
  readonly downsample: number;
  readonly rows: TileRows;
  readonly offsets: number[];
  readonly byteCounts: number[];
}

/**
 * Writes a slide in the layout of Aperio: base, thumbnail in strips, lower levels, label and macro. `paint` is called for strips of
 * full width, [height, width, 3], from top to bottom; lower levels are means of 2 x 2 pixels. Equal pixels give equal bytes.
 */
export async function writeSlideFile(options: SlideFileOptions, paint: Paint): Promise<void> {
  const { width, height, tile: side = 256, downsamples = [1, 4, 16], compression = 'jpeg' } = options;
  const writer = await TiffWriter.create(options.path, options.bigTiff ?? width * height > classicPixels);
  try {
    const levels = downsamples.map((downsample): Level => {
      const size = [Math.floor(width / downsample), Math.floor(height / downsample)] as const;
      return { downsample, rows: new TileRows(...size, side), offsets: [], byteCounts: [] };
    });
    const missing = new Set(options.missing?.map(({ level, cell }) => `${level}/${cell}`));
    const thumbnail = new Thumbnail(width, height, side);
    let tables: Uint8Array | null = null;

    const pending: (() => Promise<void>)[] = [];
    const writeFirst = async (): Promise<void> => pending.shift()?.();
    const put = async (index: number, cell: number, rgb: Uint8Array): Promise<void> => {
      const { offsets, byteCounts } = levels[index] as Level;
      const encoding = missing.has(`${index}/${cell}`)
        ? Promise.resolve({ tile: new Uint8Array(0), tables: null })
        : encodeTile(compression, rgb, side, options.quality ?? 70);
      encoding.catch(() => undefined);
      pending.push(async () => {
        const encoded = await encoding;
        tables ??= encoded.tables;
        byteCounts[cell] = encoded.tile.length;
        offsets[cell] = encoded.tile.length === 0 ? 0 : await writer.append(encoded.tile);
      });
      if (pending.length >= inFlight) await writeFirst();
    };

    for (let y = 0; y < height; y += side) {
      const rows = Math.min(side, height - y);
      const strip = paint({ x: 0, y, width, height: rows });
      await eachScale(strip, width, rows, side, async (downsample, rgb) => {
        thumbnail.add(downsample, rgb);
        const index = downsamples.indexOf(downsample);
        for (const { cell, rgb: pixels } of levels[index]?.rows.add(rgb) ?? [])
          await put(index, cell, pixels);
      });
    }
    while (pending.length > 0) await writeFirst();
    await writer.finish(await directories(options, writer, levels, tables, thumbnail));
  } catch (error) {
    await writer.close().catch(() => undefined);
    throw error;
  }
}

/** Calls `use` with the strip at downsampling factors 1, 2, 4 and so on, up to `most`. */
async function eachScale(
  strip: Uint8Array,
  width: number,
  rows: number,
  most: number,
  use: (downsample: number, rgb: Uint8Array) => Promise<void>,
): Promise<void> {
  let [rgb, w, h] = [strip, width, rows];
  for (let downsample = 1; downsample <= most && w > 0 && h > 0; downsample *= 2) {
    await use(downsample, rgb);
    rgb = halve(rgb, w, h);
    [w, h] = [w >> 1, h >> 1];
  }
}

/** Collects the whole slide at the first scale at which both sides have at most `thumbnailSide` pixels. */
class Thumbnail {
  private readonly downsample: number;
  private readonly strips: Uint8Array[] = [];
  readonly width: number;

  constructor(width: number, height: number, most: number) {
    let downsample = 1;
    while (downsample < most && Math.max(width, height) / downsample > thumbnailSide) downsample *= 2;
    this.downsample = downsample;
    this.width = Math.floor(width / downsample);
  }

  add(downsample: number, rgb: Uint8Array): void {
    if (downsample === this.downsample) this.strips.push(Uint8Array.from(rgb));
  }

  get rgb(): Uint8Array {
    return Buffer.concat(this.strips);
  }
}

const base = 'Aperio Image Library v12.0.15 \r\n';

/**
 * The ImageDescription in the form that Aperio's scanners write. Parsers search for its first word, its second line,
 * and fields `key = value` that are separated by `|`.
 */
function describe({ width, height, mpp, magnification, tile = 256, quality = 70 }: SlideFileOptions): string {
  const fields = [
    ...(magnification === null ? [] : [`AppMag = ${magnification}`]),
    ...(mpp === null ? [] : [`MPP = ${mpp}`]),
  ];
  const how = `${width}x${height} [0,0 ${width}x${height}] (${tile}x${tile}) JPEG/RGB Q=${quality}`;
  return [`${base}${how}`, ...fields].join('|');
}

async function directories(
  options: SlideFileOptions,
  writer: TiffWriter,
  levels: readonly Level[],
  tables: Uint8Array | null,
  thumbnail: Thumbnail,
): Promise<readonly (readonly TiffTag[])[]> {
  const { width, height, tile: side = 256, compression = 'jpeg' } = options;
  const big = options.bigTiff ?? width * height > classicPixels;
  const tag = (id: number, type: TiffTag['type'], ...values: number[]): TiffTag => ({ id, type, values });
  const rgb = [tag(258, 'short', 8, 8, 8), tag(277, 'short', 3), tag(284, 'short', 1)];
  const places = big ? 'long8' : 'long';

  const levelTags = ({ downsample, rows, offsets, byteCounts }: Level): readonly TiffTag[] => [
    tag(254, 'long', downsample === 1 ? 0 : 1),
    tag(256, 'long', rows.width),
    tag(257, 'long', rows.height),
    ...rgb,
    ...codingTags(compression, tables),
    textTag(
      270,
      downsample === 1
        ? (options.description ?? describe(options))
        : `${base}${width}x${height} -> ${rows.width}x${rows.height}`,
    ),
    tag(322, 'short', side),
    tag(323, 'short', side),
    { id: 324, type: places, values: offsets },
    { id: 325, type: 'long', values: byteCounts },
  ];

  const picture = async (pixels: Uint8Array, w: number, subfile: number, name: string) => {
    const h = pixels.length / 3 / w;
    const jpeg = await encodeJpeg(pixels, w, h, 80);
    return [
      tag(254, 'long', subfile),
      tag(256, 'long', w),
      tag(257, 'long', h),
      ...rgb,
      ...codingTags('jpeg', null),
      textTag(270, `${base}${name}`),
      tag(278, 'long', h),
      tag(273, places, await writer.append(jpeg)),
      tag(279, 'long', jpeg.length),
    ];
  };
  const flat = async (w: number, h: number, r: number, g: number, b: number): Promise<Uint8Array> =>
    sharp({ create: { width: w, height: h, channels: 3, background: { r, g, b } } })
      .raw()
      .toBuffer();

  const [first, ...lower] = levels.map(levelTags);
  return [
    first as readonly TiffTag[],
    await picture(thumbnail.rgb, thumbnail.width, 0, `${width}x${height} -> thumbnail`),
    ...lower,
    ...(options.associated === true
      ? [
          await picture(await flat(387, 463, 230, 230, 240), 387, 1, 'label 387x463'),
          await picture(await flat(1280, 431, 210, 190, 200), 1280, 9, 'macro 1280x431'),
        ]
      : []),
  ];
}
