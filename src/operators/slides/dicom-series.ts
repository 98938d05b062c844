import { open } from 'node:fs/promises';

/**
 * Number of bytes that are read of a file. SeriesInstanceUID is among them, because it comes before all long elements.
 */
const headBytes = 256 * 1024;
const undefinedLength = 0xffff_ffff;
const seriesTag = 0x0020_000e;
const implicitSyntax = '1.2.840.10008.1.2';
/** Value representations whose length field has 4 bytes and comes after 2 reserved bytes (PS3.5 section 7.1.2). */
const longForms: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly length: number;
}

function elementAt(bytes: Buffer, at: number, explicit: boolean): Element {
  const tag = bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2);
  // Items and their delimiters have no value representation, so their length follows the tag directly.
  if (!explicit || bytes.readUInt16LE(at) === 0xfffe)
    return { tag, start: at + 8, length: bytes.readUInt32LE(at + 4) };
  return longForms.has(bytes.toString('latin1', at + 4, at + 6))
    ? { tag, start: at + 12, length: bytes.readUInt32LE(at + 8) }
    : { tag, start: at + 8, length: bytes.readUInt16LE(at + 6) };
}

/** The position after the delimiter that ends a sequence or item of undefined length. */
function endOf(bytes: Buffer, at: number, explicit: boolean): number {
  for (let next = at; ;) {
    const { tag, start, length } = elementAt(bytes, next, explicit);
    if (tag === 0xfffe_e00d || tag === 0xfffe_e0dd) return start;
    next = length === undefinedLength ? endOf(bytes, start, explicit) : start + length;
  }
}

/** @throws RangeError if the bytes end before SeriesInstanceUID */
function seriesIn(bytes: Buffer): string | null {
  let explicit = true;
  for (let at = 132; ;) {
    // Group 2, the file meta information, has explicit value representations in every transfer syntax.
    const isMeta = bytes.readUInt16LE(at) === 2;
    const { tag, start, length } = elementAt(bytes, at, isMeta || explicit);
    const text = (): string => bytes.toString('latin1', start, start + length).replace(/[\0 ]+$/, '');
    if (tag === 0x0002_0010) explicit = text() !== implicitSyntax;
    if (tag === seriesTag) return text();
    if (tag > seriesTag) return null;
    at = length === undefinedLength ? endOf(bytes, start, explicit) : start + length;
  }
}

/** SeriesInstanceUID of a DICOM file (PS3.10). Null for any other file, and for a DICOM file that lacks it. */
export async function dicomSeries(path: string): Promise<string | null> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const bytes = buffer.subarray(0, bytesRead);
    return bytes.toString('latin1', 128, 132) === 'DICM' ? seriesIn(bytes) : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    await file.close();
  }
}
