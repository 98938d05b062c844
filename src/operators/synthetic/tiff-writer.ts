import { open, type FileHandle } from 'node:fs/promises';

/** The TIFF field types (TIFF 6.0, BigTIFF): `sizes` has the bytes of one value, `codes` the number of the type. */
const sizes = { ascii: 1, undefined: 1, short: 2, long: 4, long8: 8 } as const;
const codes = { ascii: 2, undefined: 7, short: 3, long: 4, long8: 16 } as const;

export interface TiffTag {
  readonly id: number;
  readonly type: keyof typeof sizes;
  readonly values: readonly number[] | Uint8Array;
}

/** NUL-terminated text as a tag. */
export const textTag = (id: number, text: string): TiffTag => ({
  id,
  type: 'ascii',
  values: Buffer.from(`${text}\0`, 'latin1'),
});

/** Writes a little-endian TIFF or BigTIFF: data first, in the given order, and the directories at the end. */
export class TiffWriter {
  private end: number;

  private constructor(
    private readonly file: FileHandle,
    private readonly big: boolean,
  ) {
    this.end = big ? 16 : 8;
  }

  static async create(path: string, big: boolean): Promise<TiffWriter> {
    return new TiffWriter(await open(path, 'w'), big);
  }

  /** Appends bytes to the file. @returns the position of their first byte in the file */
  async append(bytes: Uint8Array): Promise<number> {
    // TIFF requires that directories and arrays of words begin at even positions.
    const at = this.end + (this.end % 2);
    await this.file.write(bytes, 0, bytes.length, at);
    this.end = at + bytes.length;
    return at;
  }

  /** Writes the directories as one chain, and the header that points to it. Offsets are of type `long8` in a BigTIFF. */
  async finish(directories: readonly (readonly TiffTag[])[]): Promise<void> {
    try {
      let pointer = this.big ? 8 : 4;
      for (const tags of directories) {
        const { bytes, next } = await this.directory(tags);
        const at = await this.append(bytes);
        await this.file.write(this.word(at), 0, this.wordSize, pointer);
        pointer = at + next;
      }
      if (!this.big && this.end > 0xffff_ffff) throw new RangeError('A classic TIFF ends at 4 GiB');
      await this.file.write(this.header(), 0, this.big ? 8 : 4, 0);
    } finally {
      await this.file.close();
    }
  }

  /** Closes the file without completing the TIFF, after a fault. */
  close(): Promise<void> {
    return this.file.close();
  }

  private get wordSize(): number {
    return this.big ? 8 : 4;
  }

  private word(value: number): Buffer {
    const bytes = Buffer.alloc(this.wordSize);
    if (this.big) bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeUInt32LE(value);
    return bytes;
  }

  private header(): Buffer {
    return Buffer.from(this.big ? [0x49, 0x49, 43, 0, 8, 0, 0, 0] : [0x49, 0x49, 42, 0]);
  }

  private async directory(tags: readonly TiffTag[]): Promise<{ bytes: Buffer; next: number }> {
    const sorted = [...tags].sort((a, b) => a.id - b.id);
    const entry = this.big ? 20 : 12;
    const first = this.big ? 8 : 2;
    const next = first + entry * sorted.length;
    const bytes = Buffer.alloc(next + this.wordSize);
    bytes.writeUInt16LE(sorted.length);
    for (const [i, tag] of sorted.entries()) {
      const at = first + entry * i;
      const data = encode(tag);
      bytes.writeUInt16LE(tag.id, at);
      bytes.writeUInt16LE(codes[tag.type], at + 2);
      this.word(tag.values.length).copy(bytes, at + 4);
      const inline = data.length <= this.wordSize ? data : this.word(await this.append(data));
      inline.copy(bytes, at + 4 + this.wordSize);
    }
    return { bytes, next };
  }
}

function encode({ type, values }: TiffTag): Buffer {
  const bytes = Buffer.alloc(values.length * sizes[type]);
  for (const [i, value] of values.entries())
    switch (type) {
      case 'ascii':
      case 'undefined':
        bytes[i] = value;
        break;
      case 'short':
        bytes.writeUInt16LE(value, i * 2);
        break;
      case 'long':
        bytes.writeUInt32LE(value, i * 4);
        break;
      case 'long8':
        bytes.writeBigUInt64LE(BigInt(value), i * 8);
        break;
    }
  return bytes;
}
