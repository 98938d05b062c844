import { open } from 'node:fs/promises';

/** Bytes of a value of each field type (TIFF 6.0 section 2, BigTIFF). */
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

/** The tags of one image. Text and bytes as bytes; a fraction as its value. */
export interface TiffDirectory {
  readonly tags: ReadonlyMap<number, readonly number[]>;
  /** Directories that its SubIFDs tag names. */
  readonly children: readonly TiffDirectory[];
}

const subIfds = 330;
/** A chain of directories longer than this is a loop, a directory of more tags is none. */
const mostDirectories = 200;
const mostTags = 1000;
/** The greatest array is that of the tiles: 64 MB are eight million of them. */
const mostBytes = 64 * 2 ** 20;

type Fetch = (offset: number, length: number) => Promise<DataView>;

class Structure {
  private read = 0;

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
    const tags = new Map<number, readonly number[]>();
    for (let i = 0; i < count; i++) {
      const at = i * entry;
      const values = await this.values(view, at, wordSize);
      if (values !== null) tags.set(view.getUint16(at, this.little), values);
    }
    const children: TiffDirectory[] = [];
    for (const child of withChildren ? (tags.get(subIfds) ?? []) : [])
      children.push((await this.directory(child, false)).directory);
    return { directory: { tags, children }, next: this.word(view, count * entry) };
  }

  /** Null for a type nobody has defined. */
  private async values(view: DataView, at: number, wordSize: number): Promise<readonly number[] | null> {
    const type = view.getUint16(at + 2, this.little);
    const count = this.word(view, at + 4);
    const size = sizes[type];
    if (size === undefined) return null;
    const bytes = count * size;
    if (bytes > mostBytes) throw new Error(`a tag of ${bytes} bytes`);
    const field = at + 4 + wordSize;
    const inline = bytes <= wordSize;
    const data = inline ? view : await this.fetch(this.word(view, field), bytes);
    const from = inline ? field : 0;
    return Array.from({ length: count }, (_, i) => this.value(data, type, from + i * size));
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

/**
 * Every tag of every image of a TIFF or BigTIFF of either byte order; no pixels. Beyond the end of the file there is nothing:
 * an array of tiles that lies there is a fault, not an array of zeros, which would look like a slide of missing tiles.
 *
 * @throws Error of any kind when the structure is damaged
 */
export async function readTiffTags(
  path: string,
): Promise<{ readonly bytes: number; readonly directories: readonly TiffDirectory[] }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const fetch: Fetch = async (offset, length) => {
      if (offset + length > size)
        throw new Error(`tags at byte ${offset} of a file that ends at byte ${size}`);
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
