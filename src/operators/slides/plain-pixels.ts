import { sharp } from './sharp-uncached.js';
import { copyPixels } from './level-grid.js';
import type { PixelSource } from './pixel-source.js';
import type { Region } from './slide-reader.js';
import { exportAsRgb, unreadable } from './unreadable.js';

/** The file and page that libvips reads an image from. */
export interface PlainInput {
  readonly path: string;
  /** The bytes to read. If given, the file is not read. */
  readonly bytes?: Buffer;
  readonly page: number;
  readonly subifd: number | null;
}

const opened = ({ path, bytes, page, subifd }: PlainInput) =>
  sharp(bytes ?? path, {
    ...{ ignoreIcc: true, limitInputPixels: false, failOn: 'error', page },
    ...(subifd === null ? {} : { tiff: { subifd } }),
  });

export interface PlainHeader {
  readonly width: number;
  readonly height: number;
  readonly format: string;
  /** The colour space, as libvips names it: "srgb", "b-w", "rgb16", "grey16", "cmyk", ... */
  readonly space: string;
  readonly channels: number;
  /**
   * Whether the image is an interlaced PNG or progressive JPEG, which must be decoded as a whole before its first row
   * is known.
   */
  readonly progressive: boolean;
}

/**
 * The header of an image without pyramid, read by libvips.
 * @throws Error of any kind if the file is not an image
 */
export async function plainHeader(input: PlainInput): Promise<PlainHeader> {
  const { width, height, format, space, channels, isProgressive } = await opened(input).metadata();
  return { width, height, format, space, channels, progressive: isProgressive };
}

const spacesOf16 = { rgb16: 'rgb16', grey16: 'grey16' } as const;

/**
 * A brightfield image has bright glass or pale tissue. If its greatest value is below half of the range, its samples
 * have fewer bits.
 */
const leastWhite = 2 ** 15;

/**
 * Converts 16 bits to 8 bits, in the same way for all channels.
 * @throws HafError HAF_SLIDE_UNREADABLE if the values use only a part of the range
 */
async function from16(input: PlainInput, space: keyof typeof spacesOf16): Promise<Uint8Array> {
  const { data, info } = await opened(input)
    .toColourspace(spacesOf16[space])
    .removeAlpha()
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  let greatest = 0;
  for (const value of values) if (value > greatest) greatest = value;
  if (greatest < leastWhite) {
    const bits = Math.max(1, Math.ceil(Math.log2(greatest + 1)));
    throw unreadable(
      input.path,
      `its samples have 16 bits, but none is above ${greatest}: they seem to hold ${bits} bits and would read as almost black`,
      exportAsRgb,
    );
  }
  const { channels } = info;
  const pixels = new Uint8Array(info.width * info.height * 3);
  for (let i = 0, at = 0; i < pixels.length; at += channels)
    for (let c = 0; c < 3; c++, i++) pixels[i] = (values[at + (channels < 3 ? 0 : c)] as number) >> 8;
  return pixels;
}

async function whole(input: PlainInput, { width, height, space }: PlainHeader): Promise<Uint8Array> {
  const pixels =
    space === 'rgb16' || space === 'grey16'
      ? await from16(input, space)
      : await opened(input).toColourspace('srgb').removeAlpha().raw().toBuffer();
  if (pixels.length !== width * height * 3)
    throw new Error(`${pixels.length} bytes of pixels, ${width * height * 3} expected`);
  return pixels;
}

/**
 * Pixels of an image without pyramid. It can only be decoded from its beginning, so it is decoded once as a whole and
 * kept.
 */
export function plainPixels(input: PlainInput, header: PlainHeader): PixelSource {
  const { width, height } = header;
  let decoded: Promise<Uint8Array> | null = null;
  return {
    async read(_level: number, region: Region): Promise<Uint8Array> {
      decoded ??= whole(input, header);
      const pixels = new Uint8Array(region.width * region.height * 3);
      copyPixels(await decoded, { x: 0, y: 0, width, height }, pixels, region);
      return pixels;
    },
  };
}
