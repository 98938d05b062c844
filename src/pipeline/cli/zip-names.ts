import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
/** The end record is 22 bytes and may be followed by a comment of at most 65,535. */
const endRecordBytes = 22;
const longestEnd = endRecordBytes + 0xffff;
const inZip64 = 0xffffffff;

/**
 * Names of the members of a zip (and so of an npz) from its central directory: a few kilobytes are read however
 * large the file is. Null when the file is no zip or is one of the 64-bit kind (above 4 GiB).
 */
export function zipNames(path: string): readonly string[] | null {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const read = (length: number, position: number): Buffer => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, position));
    };
    const tailLength = Math.min(size, longestEnd);
    const tail = read(tailLength, size - tailLength);
    for (let at = tail.length - endRecordBytes; at >= 0; at--) {
      if (tail.readUInt32LE(at) !== endSignature) continue;
      const [length, offset] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
      if (offset === inZip64 || offset + length > size) return null;
      return namesIn(read(length, offset));
    }
    return null;
  } finally {
    closeSync(file);
  }
}

function namesIn(directory: Buffer): readonly string[] {
  const names: string[] = [];
  let at = 0;
  while (at + 46 <= directory.length && directory.readUInt32LE(at) === entrySignature) {
    const [name, extra, comment] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    names.push(directory.toString('utf8', at + 46, at + 46 + name));
    at += 46 + name + extra + comment;
  }
  return names;
}
