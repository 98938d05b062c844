import { paintWaves } from './painted-slide.js';

const tile = 64;
const wsiClass = '1.2.840.10008.5.1.4.1.1.77.1.6';

export interface MadeDicom {
  readonly width: number;
  readonly height: number;
  readonly series: string;
  /** SOPInstanceUID. */
  readonly instance: string;
  /** Third value of ImageType. @default 'VOLUME' */
  readonly flavor?: 'VOLUME' | 'OVERVIEW' | 'LABEL';
  /** Size of a pixel in mm. */
  readonly spacing?: number;
  /**
   * The image is cut from a picture of waves. Its upper left corner has this x and this y, in pixels of that picture.
   * Files with different positions have different pixels.
   */
  readonly at?: number;
}

/** DICOM value representations (VR) in whose elements the length field has 4 bytes and not 2. */
const long = ['SQ', 'OB'];

/** Encodes one DICOM element with explicit VR in little-endian order (DICOM PS3.5 section 7.1). */
function element(tag: number, vr: string, value: string | Buffer): Buffer {
  const text = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const padding = vr === 'UI' || vr === 'OB' ? '\0' : ' ';
  const data = text.length % 2 === 0 ? text : Buffer.concat([text, Buffer.from(padding)]);
  const head = Buffer.alloc(long.includes(vr) ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (long.includes(vr)) head.writeUInt32LE(data.length, 8);
  else head.writeUInt16LE(data.length, 6);
  return Buffer.concat([head, data]);
}

const us = (tag: number, value: number): Buffer => element(tag, 'US', Buffer.from([value & 255, value >> 8]));

function ul(tag: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return element(tag, 'UL', bytes);
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

const itemTag = Buffer.from([0xfe, 0xff, 0x00, 0xe0]);

function sequence(tag: number, item: Buffer): Buffer {
  return element(tag, 'SQ', Buffer.concat([itemTag, word(item.length), item]));
}

/** A sequence with one item, both of undefined length. */
function openSequence(tag: number, item: Buffer): Buffer {
  const head = element(tag, 'SQ', Buffer.alloc(0));
  head.writeUInt32LE(0xffff_ffff, 8);
  const [endOfItem, endOfSequence] = [
    Buffer.from([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0]),
    Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]),
  ];
  return Buffer.concat([head, itemTag, word(0xffff_ffff), item, endOfItem, endOfSequence]);
}

/** Makes one DICOM file of a slide: an uncompressed picture of waves in tiles of 64 x 64. */
export function dicomImage(options: MadeDicom): Buffer {
  const { width, height, series, instance, flavor = 'VOLUME', spacing = 0.00025, at = 0 } = options;
  const [columns, rows] = [Math.ceil(width / tile), Math.ceil(height / tile)];
  const frames = Array.from({ length: columns * rows }, (_, i) => {
    const [x, y] = [at + (i % columns) * tile, at + Math.floor(i / columns) * tile];
    return Buffer.from(paintWaves({ x, y, width: tile, height: tile }));
  });
  const type = at === 0 ? `ORIGINAL\\PRIMARY\\${flavor}\\NONE` : `DERIVED\\PRIMARY\\${flavor}\\RESAMPLED`;
  const meta = Buffer.concat([
    element(0x0002_0002, 'UI', wsiClass),
    element(0x0002_0003, 'UI', instance),
    element(0x0002_0010, 'UI', '1.2.840.10008.1.2.1'),
  ]);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    ul(0x0002_0000, meta.length),
    meta,
    element(0x0008_0008, 'CS', type),
    element(0x0008_0016, 'UI', wsiClass),
    element(0x0008_0018, 'UI', instance),
    element(0x0008_0060, 'CS', 'SM'),
    openSequence(0x0008_2112, element(0x0008_1150, 'UI', wsiClass)),
    element(0x0020_000d, 'UI', '1.2.3'),
    element(0x0020_000e, 'UI', series),
    element(0x0020_0052, 'UI', '1.2.3.4'),
    element(0x0020_9311, 'CS', 'TILED_FULL'),
    us(0x0028_0002, 3),
    element(0x0028_0004, 'CS', 'RGB'),
    us(0x0028_0006, 0),
    element(0x0028_0008, 'IS', `${frames.length}`),
    us(0x0028_0010, tile),
    us(0x0028_0011, tile),
    us(0x0028_0100, 8),
    us(0x0028_0101, 8),
    us(0x0028_0102, 7),
    us(0x0028_0103, 0),
    ul(0x0048_0006, width),
    ul(0x0048_0007, height),
    element(0x0048_0102, 'DS', '0\\-1\\0\\-1\\0\\0'),
    sequence(0x5200_9229, sequence(0x0028_9110, element(0x0028_0030, 'DS', `${spacing}\\${spacing}`))),
    element(0x7fe0_0010, 'OB', Buffer.concat(frames)),
  ]);
}
