import type { TiffPage } from './tiff-directory.js';

const short = 3;
const long = 4;
const bytesOfType = { 3: 2, 4: 4, 7: 1 } as const;
type TagType = keyof typeof bytesOfType;

/** Tags that tell a decoder how the bytes of a tile become pixels. They are copied unchanged from the slide. */
const decodingTags: ReadonlyMap<number, TagType> = new Map([
  [258, short], // BitsPerSample
  [259, short], // Compression
  [262, short], // PhotometricInterpretation
  [277, short], // SamplesPerPixel
  [284, short], // PlanarConfiguration
  [317, short], // Predictor
  [338, short], // ExtraSamples
  [339, short], // SampleFormat
  [347, 7], // JPEGTables
  [530, short], // YCbCrSubSampling
]);

interface Tag {
  readonly id: number;
  readonly type: TagType;
  readonly values: readonly number[];
}

/** Maximum number of values of a tag. JPEG tables have some hundred bytes, other tags one value per sample. */
const mostValues = 65_536;

const headerBytes = 8;
const entryBytes = 12;

/**
 * A TIFF in memory that consists of compressed tiles of a slide, stacked vertically. libvips opens it very fast and
 * returns the pixels tile by tile; opening a slide costs as much as decoding several tiles.
 *
 * @param tiles compressed bytes, for pages whose colours are interleaved (PlanarConfiguration 1)
 */
export function packedTiff(page: TiffPage, tiles: readonly Uint8Array[]): Buffer {
  const { width, height } = page.tile as { width: number; height: number };
  const layout: readonly Tag[] = [
    { id: 256, type: long, values: [width] },
    { id: 257, type: long, values: [height * tiles.length] },
    { id: 322, type: long, values: [width] },
    { id: 323, type: long, values: [height] },
  ];
  return packed(page, layout, { offsets: 324, byteCounts: 325 }, tiles);
}

/** A TIFF in memory of a page that is stored in strips. All strips are given in compressed form. */
export function packedStrips(page: TiffPage, strips: readonly Uint8Array[]): Buffer {
  const layout: readonly Tag[] = [
    { id: 256, type: long, values: [page.width] },
    { id: 257, type: long, values: [page.height] },
    { id: 278, type: long, values: [page.rowsPerStrip] },
  ];
  return packed(page, layout, { offsets: 273, byteCounts: 279 }, strips);
}

function packed(
  page: TiffPage,
  layout: readonly Tag[],
  places: { readonly offsets: number; readonly byteCounts: number },
  chunks: readonly Uint8Array[],
): Buffer {
  const tags: Tag[] = [
    ...layout,
    // Zeros in place of the offsets, which are known only after the tags are laid out.
    { id: places.offsets, type: long, values: chunks.map(() => 0) },
    { id: places.byteCounts, type: long, values: chunks.map(({ length }) => length) },
  ];
  for (const [id, type] of decodingTags) {
    const values = page.decoding.get(id);
    if (values !== undefined) tags.push({ id, type, values });
  }
  tags.sort((a, b) => a.id - b.id);

  let end = headerBytes + 2 + tags.length * entryBytes + 4;
  const outside = tags.map(({ type, values }) => {
    const bytes = bytesOfType[type] * values.length;
    if (bytes <= 4) return null;
    const place = end;
    end += bytes + (bytes & 1);
    return place;
  });
  const offsets = chunks.map(({ length }) => {
    const offset = end;
    end += length;
    return offset;
  });
  const file = Buffer.alloc(end);
  file.write('II', 0);
  file.writeUInt16LE(42, 2);
  file.writeUInt32LE(headerBytes, 4);
  file.writeUInt16LE(tags.length, headerBytes);
  tags.forEach(({ id, type, values }, i) => {
    const entry = headerBytes + 2 + i * entryBytes;
    file.writeUInt16LE(id, entry);
    file.writeUInt16LE(type, entry + 2);
    file.writeUInt32LE(values.length, entry + 4);
    const place = outside[i] ?? null;
    if (place !== null) file.writeUInt32LE(place, entry + 8);
    writeValues(file, place ?? entry + 8, type, id === places.offsets ? offsets : values);
  });
  chunks.forEach((bytes, i) => file.set(bytes, offsets[i]));
  return file;
}

function writeValues(file: Buffer, at: number, type: TagType, values: readonly number[]): void {
  const bytes = bytesOfType[type];
  for (const [i, value] of values.entries()) file.writeUIntLE(value, at + i * bytes, bytes);
}

/**
 * The tags of a directory that `packedTiff` copies.
 * @throws Error if one of them has more than `mostValues` values
 */
export function decodingTagsOf(
  numbers: ReadonlyMap<number, Float64Array>,
  bytes: ReadonlyMap<number, Uint8Array>,
): ReadonlyMap<number, readonly number[]> {
  const tags = new Map<number, readonly number[]>();
  for (const id of decodingTags.keys()) {
    const values = numbers.get(id) ?? bytes.get(id);
    if (values === undefined) continue;
    if (values.length > mostValues) throw new Error(`tag ${id} has ${values.length} values`);
    tags.set(id, [...values]);
  }
  return tags;
}
