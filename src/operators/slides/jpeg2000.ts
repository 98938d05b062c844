import { createRequire } from 'node:module';

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
}

interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): Frame;
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}

interface Jpeg2000Encoder {
  getDecodedBuffer(frame: Frame & { readonly isSigned: boolean }): Uint8Array;
  setQuality(lossless: boolean, quality: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
  delete(): void;
}

interface OpenJpeg {
  readonly J2KDecoder: new () => Decoder;
  readonly J2KEncoder: new () => Jpeg2000Encoder;
}

type Factory = (settings: { print: (line: string) => void }) => Promise<OpenJpeg>;

/** OpenJPEG reports faults only in its log. */
const log: string[] = [];
let codec: Promise<OpenJpeg> | null = null;

/** Loads OpenJPEG once per thread, because threads cannot share the state of a module. OpenJPEG has 0.3 MB of code. */
function openJpeg(): Promise<OpenJpeg> {
  const load = createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg/wasmjs') as Factory;
  codec ??= load({ print: (line) => log.push(line) });
  return codec;
}

export interface DecodedTile {
  readonly width: number;
  readonly height: number;
  /** RGB, [height, width, 3]. */
  readonly pixels: Uint8Array;
}

/**
 * Maximum number of tiles in a codestream. OpenJPEG needs about 10 KB for each tile, and does not free it. A codestream
 * from a scanner has one tile.
 */
const mostTiles = 4096;

const signature = [0xff, 0x4f, 0xff, 0x51];

/**
 * Values of the SIZ marker (ISO 15444-1 A.5.1). The codestream may begin anywhere: in a JP2 file it comes after boxes.
 */
interface Codestream {
  readonly width: number;
  readonly height: number;
  readonly bits: readonly number[];
  /** Number of tiles in the JPEG 2000 codestream. One tile of the slide is one codestream. */
  readonly tiles: number;
  /** Whether chroma has fewer samples than luma. */
  readonly subsampled: boolean;
}

function codestreamOf(bytes: Uint8Array): Codestream {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(Uint8Array.from(signature));
  const view = new DataView(bytes.buffer, bytes.byteOffset + Math.max(0, start));
  const count = start < 0 || bytes.length < start + 42 ? 0 : view.getUint16(40);
  if (count === 0 || bytes.length < start + 42 + 3 * count) throw new Error('JPEG 2000: no codestream');
  const components = Array.from({ length: count }, (_, i) => ({
    // The field Ssiz is the depth minus one. For signed samples its highest bit is set, so they get a depth above 128
    // and are refused.
    depth: view.getUint8(42 + 3 * i) + 1,
    apart: view.getUint8(43 + 3 * i) > 1 || view.getUint8(44 + 3 * i) > 1,
  }));
  // Number of tiles along an axis, from the end of the image, the upper left corner and the side length of the tiles.
  const across = (end: number, corner: number, side: number): number =>
    Math.ceil((view.getUint32(end) - view.getUint32(corner)) / view.getUint32(side));
  return {
    tiles: across(8, 32, 24) * across(12, 36, 28),
    width: view.getUint32(8) - view.getUint32(16),
    height: view.getUint32(12) - view.getUint32(20),
    bits: components.map(({ depth }) => depth),
    subsampled: components.slice(1, 3).some(({ apart }) => apart),
  };
}

const clamp = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : Math.round(value));

/** Converts YCbCr to RGB: full-range BT.601, as in JFIF (ITU-T T.871 section 7). */
function toRgb(pixels: Uint8Array): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const y = pixels[i] as number;
    const cb = (pixels[i + 1] as number) - 128;
    const cr = (pixels[i + 2] as number) - 128;
    pixels[i] = clamp(y + 1.402 * cr);
    pixels[i + 1] = clamp(y - 0.344136 * cb - 0.714136 * cr);
    pixels[i + 2] = clamp(y + 1.772 * cb);
  }
}

/**
 * Decodes a JPEG 2000 codestream of three 8-bit components.
 *
 * @param ycc whether the file says that the components are Y, Cb and Cr. They are converted to RGB here, unless chroma
 * is subsampled: then OpenJPEG has converted them.
 * @param most maximum size of the image: a codestream that states a larger size is refused before memory is allocated
 * @throws Error with the log of OpenJPEG
 */
export async function decodeJpeg2000(
  bytes: Uint8Array,
  ycc: boolean,
  most: { readonly width: number; readonly height: number },
): Promise<DecodedTile> {
  const said = codestreamOf(bytes);
  if (said.bits.length !== 3 || said.bits.some((depth) => depth !== 8))
    throw new Error(`JPEG 2000: ${said.bits.length} components of ${said.bits[0]} bits, expected 3 of 8`);
  if (!(said.width > 0 && said.height > 0 && said.width <= most.width && said.height <= most.height))
    throw new Error(
      `JPEG 2000: a codestream of ${said.width} x ${said.height} pixels in a tile of ${most.width} x ${most.height}`,
    );
  if (!(said.tiles >= 1 && said.tiles <= mostTiles))
    throw new Error(`JPEG 2000: a codestream of ${said.tiles} tiles`);
  const { J2KDecoder } = await openJpeg();
  // A decoder that fails keeps the pixels of its last success, so each tile has its own decoder.
  const decoder = new J2KDecoder();
  try {
    log.length = 0;
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const faults = log.filter((line) => line.startsWith('[ERROR]')).map((line) => line.slice(8).trim());
    if (faults.length > 0) throw new Error(`JPEG 2000: ${faults[0]}`);
    // OpenJPEG does not report missing tiles; their pixels are grey. So the log is searched for decoded tiles.
    const decoded = new Set(log.map((line) => /Tile (\d+)\/\d+ has been decoded/.exec(line)?.[1]));
    decoded.delete(undefined);
    if (said.tiles > 1 && decoded.size < said.tiles)
      throw new Error(`JPEG 2000: only ${decoded.size} of ${said.tiles} tiles of a codestream are there`);
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    if (componentCount !== 3 || bitsPerSample !== 8)
      throw new Error(`JPEG 2000: ${componentCount} components of ${bitsPerSample} bits, expected 3 of 8`);
    const pixels = Uint8Array.from(decoder.getDecodedBuffer());
    if (ycc && !said.subsampled) toRgb(pixels);
    return { width, height, pixels };
  } finally {
    decoder.delete();
  }
}

/** Encodes pixels [height, width, 3] without loss and without converting the components. */
export async function encodeJpeg2000(pixels: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const { J2KEncoder } = await openJpeg();
  const encoder = new J2KEncoder();
  try {
    const frame = { width, height, bitsPerSample: 8, componentCount: 3, isSigned: false };
    encoder.getDecodedBuffer(frame).set(pixels);
    encoder.setQuality(true, 0);
    encoder.encode();
    return Uint8Array.from(encoder.getEncodedBuffer());
  } finally {
    encoder.delete();
  }
}
