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

/** It reports faults nowhere but in its log. */
const log: string[] = [];
let codec: Promise<OpenJpeg> | null = null;

/** One instance for the thread: it is 0.3 MB of code, and a module's state is that of its thread. */
function openJpeg(): Promise<OpenJpeg> {
  const load = createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg/wasmjs') as Factory;
  codec ??= load({ print: (line) => log.push(line) });
  return codec;
}

export interface DecodedTile {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly pixels: Uint8Array;
}

/** Whether the codestream holds fewer samples of its colours than of its brightness (SIZ marker, ISO 15444-1 A.5.1). */
function subsampled(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // SOC and SIZ stand first; XRsiz and YRsiz of component i follow its depth at 42 + 3i.
  if (bytes.length < 51 || view.getUint32(0) !== 0xff4fff51) return false;
  return [1, 2].some((i) => view.getUint8(43 + 3 * i) > 1 || view.getUint8(44 + 3 * i) > 1);
}

const clamp = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : Math.round(value));

/** Full-range BT.601, as in JFIF (ITU-T T.871 section 7). */
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
 * @param ycc whether the file says that they are Y, Cb and Cr. With subsampled chroma OpenJPEG converts by itself.
 * @throws Error with what OpenJPEG logged
 */
export async function decodeJpeg2000(bytes: Uint8Array, ycc: boolean): Promise<DecodedTile> {
  const { J2KDecoder } = await openJpeg();
  // A decoder that fails keeps the pixels it decoded last, so each tile has its own.
  const decoder = new J2KDecoder();
  try {
    log.length = 0;
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const faults = log.filter((line) => line.startsWith('[ERROR]')).map((line) => line.slice(8).trim());
    if (faults.length > 0) throw new Error(`JPEG 2000: ${faults[0]}`);
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    if (componentCount !== 3 || bitsPerSample !== 8)
      throw new Error(`JPEG 2000: ${componentCount} components of ${bitsPerSample} bits, expected 3 of 8`);
    const pixels = Uint8Array.from(decoder.getDecodedBuffer());
    if (ycc && !subsampled(bytes)) toRgb(pixels);
    return { width, height, pixels };
  } finally {
    decoder.delete();
  }
}

/** Encodes [height, width, 3] without loss, components as they are. */
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
