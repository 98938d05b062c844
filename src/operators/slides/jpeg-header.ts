/** The markers before the pixels of a JPEG stream (ITU-T T.81 annex B). */
export interface JpegHeader {
  /** Number of bits of a sample. */
  readonly precision: number;
  readonly components: readonly JpegComponent[];
  /** Whether the stream has the JFIF marker. A JFIF stream holds only grey or YCbCr (ITU-T T.871). */
  readonly jfif: boolean;
  /** Adobe's APP14 marker: 0 is RGB or CMYK, 1 YCbCr, 2 YCCK (ITU-T T.872). Null if there is none. */
  readonly adobe: number | null;
}

export interface JpegComponent {
  readonly id: number;
  /** Sampling factors along x and y, relative to the other components. */
  readonly h: number;
  readonly v: number;
}

const text = (bytes: Uint8Array, at: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.max(0, Math.min(length, bytes.length - at))).toString(
    'latin1',
  );

/** Whether a marker starts a frame (SOF): C0 to CF, except C4 (Huffman tables), C8 (extensions), CC (arithmetic coding). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Whether a marker has no length: restarts, start and end of the image, and one for temporary use. */
const isBare = (marker: number): boolean => (marker >= 0xd0 && marker <= 0xd9) || marker === 0x01;

function frameOf(bytes: Uint8Array, at: number): Pick<JpegHeader, 'precision' | 'components'> {
  const count = bytes[at + 5] ?? 0;
  const components: JpegComponent[] = [];
  for (let i = 0; i < count && at + 8 + 3 * i < bytes.length; i++) {
    const sampling = bytes[at + 7 + 3 * i] as number;
    components.push({ id: bytes[at + 6 + 3 * i] as number, h: sampling >> 4, v: sampling & 15 });
  }
  return { precision: bytes[at] ?? 0, components };
}

/**
 * Reads the markers of a JPEG stream up to its pixels. A stream that has only tables (the TIFF tag JPEGTables) has no
 * components. Null if the bytes are not a JPEG.
 */
export function jpegHeader(bytes: Uint8Array): JpegHeader | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  let header: JpegHeader = { precision: 0, components: [], jfif: false, adobe: null };
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return header;
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) at++;
    else if (isBare(marker)) at += 2;
    else {
      const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
      const body = at + 4;
      if (marker === 0xda || length < 2) return header;
      if (marker === 0xe0 && text(bytes, body, 5) === 'JFIF\0') header = { ...header, jfif: true };
      if (marker === 0xee && length >= 14 && text(bytes, body, 5) === 'Adobe')
        header = { ...header, adobe: bytes[body + 11] ?? null };
      if (isFrame(marker)) return { ...header, ...frameOf(bytes, body) };
      at = body + length - 2;
    }
  }
  return header;
}

/**
 * The colour space of three components, by the rules of libjpeg: Adobe's marker, JFIF, the ids of the components. In
 * addition, subsampled components mean YCbCr, because RGB is not subsampled. Null if the stream does not decide it,
 * or contradicts itself.
 */
export function jpegColours({ components, jfif, adobe }: JpegHeader): 'RGB' | 'YCbCr' | null {
  if (components.length !== 3) return null;
  const ids = components.map(({ id }) => id);
  const are = (...wanted: readonly number[]): boolean => wanted.every((id, i) => ids[i] === id);
  const subsampled = components.some(({ h, v }) => h !== components[0]?.h || v !== components[0].v);
  const said = adobe === null ? null : adobe === 0 ? 'RGB' : 'YCbCr';
  if (jfif) return said === 'RGB' || are(0x52, 0x47, 0x42) ? null : 'YCbCr';
  if (said !== null) return said;
  if (subsampled) return 'YCbCr';
  if (are(0x52, 0x47, 0x42)) return 'RGB';
  return are(1, 2, 3) ? 'YCbCr' : null;
}
