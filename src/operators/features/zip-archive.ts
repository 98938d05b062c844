import { closeSync, createReadStream, createWriteStream, fstatSync, openSync, readSync } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { foreign } from './foreign.js';
import type { MemoryBudget } from './memory-budget.js';

/** A file in a zip archive (a member), as the central directory of the archive lists it (APPNOTE.TXT 4.3.12). */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Byte position, in the archive, of the local header of the member. */
  readonly offset: number;
}

const again = 'Copy or download it again, or write it again (numpy.savez_compressed, torch.save).';
const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
const endBytes = 22;
const locatorBytes = 20;
/** Maximum length of the comment that may follow the end record. */
const longestComment = 0xffff;
const unset32 = 0xffffffff;
/** Maximum size of a member: no bag is this large, and a damaged directory can claim any size. */
const largestMember = 2 ** 31 - 1;

/**
 * A zip archive that is read member by member. So a large archive is never in memory as a whole, and a damaged member
 * does not affect the others. Reads stored and deflated members and checks their CRC-32.
 */
export class ZipArchive {
  readonly entries: readonly ZipEntry[];
  private readonly file: number;
  private readonly opened = new Set<ZipEntry>();
  private readonly size: number;

  /**
   * @throws HafError `HAF_FEATURES_INVALID` if the file is not a zip archive or its directory is damaged
   * @throws the file system's error if the file cannot be read at all
   */
  constructor(path: string) {
    this.file = openSync(path, 'r');
    try {
      this.size = fstatSync(this.file).size;
      this.entries = this.readDirectory();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.file);
  }

  /** The members that have not been read. */
  get unread(): readonly ZipEntry[] {
    return this.entries.filter((entry) => !this.opened.has(entry));
  }

  /**
   * The decompressed bytes of a member.
   * @throws HafError `HAF_FEATURES_INVALID`, also if they exceed `budget`
   */
  read(entry: ZipEntry, budget?: MemoryBudget): Uint8Array {
    this.opened.add(entry);
    budget?.assertFits(Math.max(entry.bytes, entry.compressedBytes), entry.name);
    if (entry.bytes > largestMember || entry.compressedBytes > largestMember)
      throw foreign(`it claims ${entry.bytes} bytes, more than a bag can have`, again);
    const packed = this.bytesAt(this.startOf(entry), entry.compressedBytes);
    const bytes = entry.method === 0 ? packed : inflate(packed, entry.bytes);
    if (bytes.length !== entry.bytes || crc32(bytes) !== entry.crc)
      throw foreign('its checksum does not match: the archive is damaged', again);
    return bytes;
  }

  /**
   * Writes a member to a new file, piece by piece, because it may be larger than memory.
   *
   * @throws HafError `HAF_FEATURES_INVALID` if it is damaged; the file is then incomplete
   */
  async extract(entry: ZipEntry, path: string): Promise<void> {
    const start = this.startOf(entry);
    if (start + entry.compressedBytes > this.size) throw foreign('it points outside of its archive', again);
    if (entry.compressedBytes === 0) return void closeSync(openSync(path, 'wx'));
    let [crc, bytes] = [0, 0];
    const check = new Transform({
      transform(chunk: Buffer, _, done) {
        [crc, bytes] = [crc32(chunk, crc), bytes + chunk.length];
        done(null, chunk);
      },
    });
    const end = start + entry.compressedBytes - 1;
    const packed = createReadStream('', { fd: this.file, start, end, autoClose: false });
    const unpack = entry.method === 0 ? [] : [createInflateRaw()];
    try {
      await pipeline([packed, ...unpack, check, createWriteStream(path, { flags: 'wx' })]);
    } catch (error) {
      if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error;
      throw foreign('it does not decompress: the archive is damaged', again, null, error);
    }
    if (bytes !== entry.bytes || crc !== entry.crc)
      throw foreign('its checksum does not match: the archive is damaged', again);
  }

  /** Position in the archive of the first byte of the data of a member. */
  private startOf({ encrypted, method, offset }: ZipEntry): number {
    if (encrypted) throw foreign('it is encrypted', 'Write the archive without a password.');
    if (method !== 0 && method !== 8)
      throw foreign(`zip method ${method} is not supported`, 'Write it with numpy.savez_compressed.');
    const local = this.bytesAt(offset, 30);
    if (local.readUInt32LE(0) !== localSignature) throw foreign('its zip header is damaged', again);
    return offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  }

  private bytesAt(offset: number, length: number): Buffer {
    // Offsets and lengths come from the file, so they are checked before memory is allocated.
    if (offset < 0 || offset + length > this.size) throw foreign('it points outside of its archive', again);
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length;) {
      const read = readSync(this.file, bytes, done, length - done, offset + done);
      if (read === 0) throw foreign('the archive ended while it was read', again);
      done += read;
    }
    return bytes;
  }

  private readDirectory(): readonly ZipEntry[] {
    const tailBytes = Math.min(this.size, endBytes + longestComment);
    const tail = this.bytesAt(this.size - tailBytes, tailBytes);
    let at = tailBytes - endBytes;
    while (at >= 0 && tail.readUInt32LE(at) !== endSignature) at--;
    if (at < 0) throw foreign('it is not a complete zip archive (.npz, .pt)', again);
    let count = tail.readUInt16LE(at + 10);
    let bytes = tail.readUInt32LE(at + 12);
    let offset = tail.readUInt32LE(at + 16);
    if (count === 0xffff || bytes === unset32 || offset === unset32) {
      const locator = this.bytesAt(this.size - tailBytes + at - locatorBytes, locatorBytes);
      const end64 = this.bytesAt(Number(locator.readBigUInt64LE(8)), 56);
      if (end64.readUInt32LE(0) !== end64Signature) throw foreign('its zip directory is damaged', again);
      count = Number(end64.readBigUInt64LE(32));
      bytes = Number(end64.readBigUInt64LE(40));
      offset = Number(end64.readBigUInt64LE(48));
    }
    return parseDirectory(this.bytesAt(offset, bytes), count);
  }
}

/** The entries of a central directory, without folders. */
function parseDirectory(directory: Buffer, count: number): readonly ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== centralSignature)
      throw foreign('its zip directory is damaged', again);
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    if (extraEnd > directory.length) throw foreign('its zip directory is damaged', again);
    const [bytes, compressedBytes, offset] = widen(
      [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)],
      directory.subarray(nameEnd, extraEnd),
    );
    const name = directory.toString('utf8', at + 46, nameEnd);
    const encrypted = (directory.readUInt16LE(at + 8) & 1) === 1;
    const method = directory.readUInt16LE(at + 10);
    const crc = directory.readUInt32LE(at + 16);
    if (!name.endsWith('/')) entries.push({ name, method, encrypted, crc, compressedBytes, bytes, offset });
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * Replaces fields of 0xffffffff by the values in the zip64 extra field (id 1). The values are in the same order as
 * `fields`.
 */
function widen(fields: readonly [number, number, number], extra: Buffer): readonly [number, number, number] {
  if (!fields.includes(unset32)) return fields;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    const wide = fields.map((field) => {
      if (field !== unset32 || next + 8 > extra.length) return field;
      const value = Number(extra.readBigUInt64LE(next));
      next += 8;
      return value;
    });
    return wide as [number, number, number];
  }
  return fields;
}

function inflate(packed: Uint8Array, bytes: number): Buffer {
  try {
    // Whatever the stream contains, it cannot be unpacked to more bytes than the directory states.
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) });
  } catch (error) {
    throw foreign('it does not decompress: the archive is damaged', again, null, error);
  }
}
