import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { foreign } from './foreign.js';

const signature = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
/**
 * Bytes of the smallest user block, which may precede the superblock. The length of a user block is this number times a
 * power of two (HDF5 file format, II.A).
 */
const firstUserBlock = 512;
const superblockBytes = 64;

/** Whether a file that begins with these bytes is HDF5. */
export function beginsHdf5(head: Uint8Array): boolean {
  for (
    let start = 0;
    start + signature.length <= head.length;
    start = start === 0 ? firstUserBlock : start * 2
  )
    if (signature.equals(head.subarray(start, start + signature.length))) return true;
  return false;
}

/** The position of the superblock. Null if the file is not HDF5. */
function superblockOf(file: number, size: number): { readonly start: number; readonly bytes: Buffer } | null {
  const bytes = Buffer.alloc(superblockBytes);
  for (let start = 0; start + signature.length <= size; start = start === 0 ? firstUserBlock : start * 2) {
    readSync(file, bytes, 0, superblockBytes, start);
    if (bytes.subarray(0, signature.length).equals(signature)) return { start, bytes };
  }
  return null;
}

/** End-of-file address in the superblock, relative to the base address. Null for an unusual address width. */
function storedEnd(superblock: Buffer): number | null {
  const version = superblock.readUInt8(8);
  const addressBytes = superblock.readUInt8(version < 2 ? 13 : 9);
  if (addressBytes !== 8) return null;
  const at = version === 0 ? 40 : version === 1 ? 44 : 28;
  return Number(superblock.readBigUInt64LE(at));
}

/**
 * Whether the writer has not closed the file: bits 0 and 2 of the consistency flags (HDF5 file format, II.A, version
 * 3).
 */
const isLeftOpen = (superblock: Buffer): boolean =>
  superblock.readUInt8(8) === 3 && (superblock.readUInt8(11) & 0b101) !== 0;

/**
 * Refuses a file that is not a complete HDF5 file before the HDF5 library opens it. The library would print its
 * diagnostics to stderr and report no reason.
 * @throws HafError `HAF_FEATURES_INVALID` if it is not HDF5, shorter than its superblock says, or left open by its
 * writer
 * @throws the file system's error if the file cannot be read at all
 */
export function assertCompleteHdf5(path: string): void {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const superblock = superblockOf(file, size);
    if (superblock === null)
      throw foreign(
        'it is not an HDF5 file',
        'Remove it from the folder, or change the glob in data.*.files.',
      );
    const end = storedEnd(superblock.bytes);
    if (end !== null && superblock.start + end > size)
      throw foreign(
        `it is truncated: ${size} bytes, ${superblock.start + end} expected`,
        'Copy or download it again.',
      );
    if (isLeftOpen(superblock.bytes))
      throw foreign(
        'it is marked as open for writing: its writer was killed, or still runs',
        `If the writer has ended, clear the mark with \`h5clear -s ${basename(path)}\` and check the file, or extract its features again.`,
      );
  } finally {
    closeSync(file);
  }
}
