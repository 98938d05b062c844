import { open } from 'node:fs/promises';

/** Bytes per value of each field type (TIFF 6.0 section 2, BigTIFF). */
const sizes: Readonly<Record<number, number>> = {
  ...{
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
  },
};

/** The tags of one image that this reader uses. */
export interface TiffDirectory {
  /** Numbers by tag. A fraction is given as its value. */
  readonly numbers: ReadonlyMap<number, Float64Array>;
  /** Text, XML and JPEG tables by tag. */
  readonly bytes: ReadonlyMap<number, Uint8Array>;
  /** Every tag of the directory, including those that are not read. */
  readonly ids: readonly number[];
  /** The directories that its SubIFDs tag names. */
  readonly children: readonly TiffDirectory[];
}

const subIfds = 330;
const imageWidth = 256;
const byteTags: ReadonlySet<number> = new Set([270, 305, 347, 700]);
// Tags of sizes, coding, resolution, strips and tiles. The data of other tags are never read, because vendors store
// megabytes in their own tags.
const numberTags: ReadonlySet<number> = new Set([
  ...[254, imageWidth, 257, 258, 259, 262, 273, 277, 278, 279, 282, 283, 284, 296, 317, 320],
  ...[322, 323, 324, 325, subIfds, 338, 339, 530],
]);

const mostDirectories = 4096;
const mostTags = 1000;
/** Maximum bytes of the values of one tag. The longest tag has the positions of the tiles: 64 MB hold eight million. */
const mostBytes = 64 * 2 ** 20;
/** Maximum size of all tags of a file together. */
const mostBytesOfAll = 2 * mostBytes;
/**
 * Number of bytes by which all tags together may exceed the file. Directories may share data, and shared data count
 * once for each directory.
 */
const sharedBytes = 2 ** 20;

type Fetch = (offset: number, length: number) => Promise<DataView>;

class Structure {
  private read = 0;
  private readonly chained = new Set<number>();

  constructor(
    private readonly fetch: Fetch,
    private readonly little: boolean,
    private readonly big: boolean,
  ) {}

  private word(view: DataView, at: number): number {
    return this.big ? Number(view.getBigUint64(at, this.little)) : view.getUint32(at, this.little);
  }

  async chain(first: number): Promise<readonly TiffDirectory[]> {
    const directories: TiffDirectory[] = [];
    for (let offset = first; offset !== 0;) {
      if (this.chained.has(offset))
        throw new Error(`its images form a loop: the directory at byte ${offset} comes twice`);
      this.chained.add(offset);
      const { directory, next } = await this.directory(offset, true);
      directories.push(directory);
      offset = next;
    }
    return directories;
  }

  private async directory(
    offset: number,
    withChildren: boolean,
  ): Promise<{ readonly directory: TiffDirectory; readonly next: number }> {
    if (++this.read > mostDirectories) throw new Error(`its images do not end after ${mostDirectories}`);
    const wordSize = this.big ? 8 : 4;
    const head = this.big ? 8 : 2;
    const entry = this.big ? 20 : 12;
    const start = await this.fetch(offset, head);
    const count = this.big ? this.word(start, 0) : start.getUint16(0, this.little);
    if (count > mostTags) throw new Error(`a directory of ${count} tags at byte ${offset}`);
    const view = await this.fetch(offset + head, count * entry + wordSize);
    const numbers = new Map<number, Float64Array>();
    const bytes = new Map<number, Uint8Array>();
    const ids: number[] = [];
    for (let i = 0; i < count; i++) {
      const at = i * entry;
      const id = view.getUint16(at, this.little);
      ids.push(id);
      // If a tag occurs twice, libtiff uses the first.
      if (numbers.has(id) || bytes.has(id)) continue;
      if (byteTags.has(id)) {
        const data = await this.data(view, at, wordSize);
        if (data?.size === 1) bytes.set(id, bytesOf(data));
      } else if (numberTags.has(id)) {
        const data = await this.data(view, at, wordSize);
        if (data !== null) numbers.set(id, this.numbersOf(data));
      }
    }
    const children: TiffDirectory[] = [];
    for (const child of withChildren ? (numbers.get(subIfds) ?? []) : [])
      children.push((await this.directory(child, false)).directory);
    return { directory: { numbers, bytes, ids, children }, next: this.word(view, count * entry) };
  }

  /** Where the values of a tag are, with their type and number. Null if TIFF does not define the type. */
  private async data(view: DataView, at: number, wordSize: number): Promise<TagData | null> {
    const type = view.getUint16(at + 2, this.little);
    const count = this.word(view, at + 4);
    const size = sizes[type];
    if (size === undefined) return null;
    const length = count * size;
    if (length > mostBytes) throw new Error(`a tag of ${length} bytes`);
    const field = at + 4 + wordSize;
    if (length <= wordSize) return { type, count, size, view, from: field };
    return { type, count, size, view: await this.fetch(this.word(view, field), length), from: 0 };
  }

  private numbersOf({ type, count, size, view, from }: TagData): Float64Array {
    const numbers = new Float64Array(count);
    for (let i = 0; i < count; i++) numbers[i] = this.value(view, type, from + i * size);
    return numbers;
  }

  private value(view: DataView, type: number, at: number): number {
    const { little } = this;
    switch (type) {
      case 3:
        return view.getUint16(at, little);
      case 4:
      case 13:
        return view.getUint32(at, little);
      case 5:
        return view.getUint32(at, little) / view.getUint32(at + 4, little);
      case 6:
        return view.getInt8(at);
      case 8:
        return view.getInt16(at, little);
      case 9:
        return view.getInt32(at, little);
      case 10:
        return view.getInt32(at, little) / view.getInt32(at + 4, little);
      case 11:
        return view.getFloat32(at, little);
      case 12:
        return view.getFloat64(at, little);
      case 16:
      case 18:
        return Number(view.getBigUint64(at, little));
      case 17:
        return Number(view.getBigInt64(at, little));
      default:
        return view.getUint8(at);
    }
  }
}

interface TagData {
  readonly type: number;
  readonly count: number;
  /** Number of bytes of one value of the tag. */
  readonly size: number;
  readonly view: DataView;
  readonly from: number;
}

const bytesOf = ({ view, from, count }: TagData): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + from, count);

/**
 * The tags of every image of a TIFF or BigTIFF of either byte order. No pixels are read. If the array of
 * tile positions extends beyond the end of the file, this is a fault: positions of 0 would look like missing tiles.
 * Memory: all tags together may be only slightly larger than the file, and at most 128 MB.
 *
 * @throws Error of any kind if the structure is damaged
 */
export async function readTiffTags(
  path: string,
): Promise<{ readonly bytes: number; readonly directories: readonly TiffDirectory[] }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const most = Math.min(mostBytesOfAll, size + sharedBytes);
    let total = 0;
    const fetch: Fetch = async (offset, length) => {
      if (offset + length > size)
        throw new Error(`tags at byte ${offset} of a file that ends at byte ${size}`);
      total += length;
      if (total > most) throw new Error(`its tags take more than ${most} bytes, in a file of ${size}`);
      const bytes = new Uint8Array(length);
      await file.read(bytes, 0, length, offset);
      return new DataView(bytes.buffer);
    };
    const header = await fetch(0, 8);
    const little = header.getUint16(0) === 0x4949;
    const big = header.getUint16(2, little) === 43;
    const first = big ? Number((await fetch(8, 8)).getBigUint64(0, little)) : header.getUint32(4, little);
    return { bytes: size, directories: await new Structure(fetch, little, big).chain(first) };
  } finally {
    await file.close();
  }
}
