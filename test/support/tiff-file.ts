import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import sharp from 'sharp';

/** Size of a value in bytes, by field type. */
const sizes = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 12: 8, 16: 8 } as const;
type FieldType = keyof typeof sizes;

/** One tag. Text and bytes are a Buffer. A rational is given as a decimal number. */
export type MadeTag = readonly [id: number, type: FieldType, values: readonly number[] | Buffer];

export interface MadePage {
  readonly tags: readonly MadeTag[];
  /** Compressed tiles or strips. Their offsets are written into the tags that `in` names. */
  readonly chunks?: readonly Buffer[];
  /** @default 'tiles' */
  readonly in?: 'tiles' | 'strips';
  readonly children?: readonly MadePage[];
}

export interface TiffLayout {
  readonly big?: boolean;
  /** Whether the byte order is big-endian ("MM"). */
  readonly motorola?: boolean;
}

/** Makes a TIFF with any pages, also in forms that `writeSlideFile` does not write but other programs do. */
export function madeTiff(
  pages: readonly MadePage[],
  { big = false, motorola = false }: TiffLayout = {},
): Buffer {
  const word = big ? 8 : 4;
  const parts: Buffer[] = [];
  let end = big ? 16 : 8;
  const put = (bytes: Buffer): number => {
    if (end % 2 === 1) parts.push(Buffer.alloc(1));
    end += end % 2;
    const at = end;
    parts.push(bytes);
    end += bytes.length;
    return at;
  };
  const number = (value: number, size: number): Buffer => {
    const bytes = Buffer.alloc(size);
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeUIntLE(value, 0, size);
    return motorola ? bytes.reverse() : bytes;
  };
  const encoded = (type: FieldType, values: readonly number[] | Buffer): Buffer => {
    if (Buffer.isBuffer(values)) return values;
    if (type === 5)
      return Buffer.concat(values.flatMap((value) => [number(Math.round(value * 1000), 4), number(1000, 4)]));
    return Buffer.concat(values.map((value) => number(value, sizes[type])));
  };
  /** Writes a directory; its last word is the offset of the next directory. */
  const directory = (page: MadePage, next: number): number => {
    const children = (page.children ?? []).map((child) => directory(child, 0));
    const [offsets, counts] = page.in === 'strips' ? [273, 279] : [324, 325];
    const chunks = page.chunks ?? [];
    const places = chunks.map(put);
    const tags: MadeTag[] = [
      ...page.tags,
      ...(chunks.length === 0
        ? []
        : ([
            [offsets, 4, places],
            [counts, 4, chunks.map(({ length }) => length)],
          ] as const)),
      ...(children.length === 0 ? [] : [[330, big ? 16 : 4, children] as const]),
    ];
    tags.sort(([a], [b]) => a - b);
    const entries = tags.map(([id, type, values]) => {
      const data = encoded(type, values);
      const inline = Buffer.alloc(word);
      if (data.length <= word) data.copy(inline);
      else number(put(data), word).copy(inline);
      return Buffer.concat([number(id, 2), number(type, 2), number(values.length, word), inline]);
    });
    return put(Buffer.concat([number(tags.length, big ? 8 : 2), ...entries, number(next, word)]));
  };
  let first = 0;
  for (const page of [...pages].reverse()) first = directory(page, first);
  const order = Buffer.from(motorola ? 'MM' : 'II', 'latin1');
  const header = big
    ? [order, number(43, 2), number(8, 2), number(0, 2), number(first, 8)]
    : [order, number(42, 2), number(first, 4)];
  return Buffer.concat([...header, ...parts]);
}

/**
 * Writes bytes to a file with this name in a new folder, which is removed after the test.
 * @returns the path
 */
export function madeFile(name: string, bytes: Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'haf-made-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

type Colour = readonly [number, number, number];

/** Pixels [height, width, 3] of one colour. */
export const flatRgb = (width: number, height: number, colour: Colour): Buffer =>
  Buffer.from(Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3] as number));

export const textValue = (text: string, encoding: 'utf8' | 'latin1' = 'utf8'): Buffer =>
  Buffer.from(`${text}\0`, encoding);

export interface MadeImage {
  readonly width: number;
  readonly height: number;
  readonly colour: Colour;
  readonly tags?: readonly MadeTag[];
  readonly children?: readonly MadePage[];
}

/** An uncompressed 8-bit RGB image of one colour in tiles of 64 x 64. */
export function rgbPage({ width, height, colour, tags = [], children = [] }: MadeImage): MadePage {
  const tiles = Math.ceil(width / 64) * Math.ceil(height / 64);
  return {
    tags: [
      [256, 4, [width]],
      [257, 4, [height]],
      [258, 3, [8, 8, 8]],
      [259, 3, [1]],
      [262, 3, [2]],
      [277, 3, [3]],
      [322, 3, [64]],
      [323, 3, [64]],
      ...tags,
    ],
    chunks: Array.from({ length: tiles }, () => flatRgb(64, 64, colour)),
    children,
  };
}

/** The markers in a JPEG stream that state its colour space. */
export interface JpegMarks {
  readonly jfif?: boolean;
  readonly adobe?: 0 | 1;
  readonly ids?: readonly [number, number, number];
}

/**
 * A JPEG of one colour. `store` is the colour space of its components. The last parameter gives the markers that state
 * a colour space.
 */
export async function markedJpeg(
  side: number,
  colour: Colour,
  store: 'RGB' | 'YCbCr',
  { jfif = false, adobe, ids = [1, 2, 3] }: JpegMarks,
): Promise<Buffer> {
  // libjpeg always encodes YCbCr. To store components R, G and B, encode the colour whose Y, Cb and Cr have these values.
  const given = store === 'YCbCr' ? colour : rgbOf(colour);
  const jpeg = await sharp(flatRgb(side, side, given), { raw: { width: side, height: side, channels: 3 } })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  // The JPEG without its first marker (SOI). The result below consists of SOI, the requested markers and this body.
  // sharp writes no JFIF marker, so the body contains none.
  const body = Buffer.from(jpeg.subarray(2));
  const frame = body.indexOf(Buffer.from([0xff, 0xc0]));
  const scan = body.indexOf(Buffer.from([0xff, 0xda]));
  for (const [i, id] of ids.entries()) {
    body[frame + 10 + 3 * i] = id;
    body[scan + 5 + 2 * i] = id;
  }
  const app0 = Buffer.from([0xff, 0xe0, 0, 16, ...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  const app14 = Buffer.from([0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, adobe ?? 0]);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...(jfif ? [app0] : []),
    ...(adobe === undefined ? [] : [app14]),
    body,
  ]);
}

/** Full-range BT.601 (ITU-T T.871 section 7). The result must be a valid RGB colour. */
function rgbOf([y, cb, cr]: Colour): Colour {
  const rgb = [
    y + 1.402 * (cr - 128),
    y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128),
    y + 1.772 * (cb - 128),
  ].map(Math.round);
  if (rgb.some((value) => value < 0 || value > 255)) throw new RangeError('outside of the cube');
  return rgb as unknown as Colour;
}

/**
 * Moves the tables of a JPEG into a separate stream, as the TIFF tag JPEGTables needs them. The application markers remain in the
 * tile.
 */
export function tablesApart(jpeg: Buffer): { readonly tables: Buffer; readonly tile: Buffer } {
  const [start, end] = [Buffer.from([0xff, 0xd8]), Buffer.from([0xff, 0xd9])];
  const [tables, tile]: readonly [Buffer[], Buffer[]] = [[start], [start]];
  let at = 2;
  while (jpeg[at + 1] !== 0xda) {
    const next = at + 2 + jpeg.readUInt16BE(at + 2);
    const isTable = jpeg[at + 1] === 0xdb || jpeg[at + 1] === 0xc4;
    (isTable ? tables : tile).push(jpeg.subarray(at, next));
    at = next;
  }
  return { tables: Buffer.concat([...tables, end]), tile: Buffer.concat([...tile, jpeg.subarray(at)]) };
}
