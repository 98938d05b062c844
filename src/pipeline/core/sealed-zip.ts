import { createHash } from 'node:crypto';
import { unzipSync, zipSync } from 'fflate';
import { HafError } from './errors.js';

/**
 * `endBytes`: length of the end record of a zip without the comment. `endSignature`: first four bytes of this record.
 * `sealStart`: first characters of the comment of a sealed zip. `sealBytes`: length of this comment.
 */
const endBytes = 22;
const endSignature = 0x06054b50;
const sealStart = 'sha256:';
const sealBytes = sealStart.length + 64;

/** Names of files in a sealed zip. All are in one folder, so that no path can lead out of it. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Files as one zip whose comment is the SHA-256 of all bytes before the comment. So a cut or changed file is noticed.
 * Files are stored without compression and without dates: the same files give the same bytes, and sizes can be
 * checked before unpacking.
 */
export function sealZip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  for (const name of Object.keys(files))
    if (!plainName.test(name)) throw new Error(`No name for a sealed zip: ${name}`);
  // A zip holds local times. The first possible time gives the same bytes in every time zone.
  const zip = zipSync({ ...files }, { level: 0, mtime: new Date(1980, 0, 1) });
  const sealed = new Uint8Array(zip.length + sealBytes);
  sealed.set(zip);
  new DataView(sealed.buffer).setUint16(zip.length - 2, sealBytes, true);
  sealed.set(new TextEncoder().encode(sealOf(sealed)), zip.length);
  return sealed;
}

/**
 * The files of a sealed zip. Nothing is unpacked before the seal, the names and the sizes are checked.
 *
 * @param label what the file is called in errors
 * @throws HafError HAF_BUNDLE_INVALID for a file that is cut off, changed, or not a sealed zip
 */
export function openSealedZip(bytes: Uint8Array, label: string): ReadonlyMap<string, Uint8Array> {
  const invalid = (what: string): HafError =>
    new HafError('HAF_BUNDLE_INVALID', `${label} ${what}.`, 'Copy the file again from where it was made.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint32(0, true) !== 0x04034b50) throw invalid('is no bundle');
  const end = bytes.length - sealBytes - endBytes;
  if (end < 0 || view.getUint32(end, true) !== endSignature)
    throw invalid('is cut off or was changed: its end has no checksum');
  if (new TextDecoder().decode(bytes.subarray(bytes.length - sealBytes)) !== sealOf(bytes))
    throw invalid('was changed since it was made: its content does not match its checksum');
  let claimed = 0;
  const unpacked = unzipSync(bytes, {
    filter: ({ name, size, originalSize, compression }) => {
      if (!plainName.test(name))
        throw invalid(`holds a file of the name "${name}", which may lead out of its folder`);
      claimed += originalSize;
      if (compression !== 0 || size !== originalSize || claimed > bytes.length)
        throw invalid(`claims ${claimed} bytes in a file of ${bytes.length}`);
      return true;
    },
  });
  return new Map(Object.entries(unpacked));
}

/** The seal of a zip. The last `sealBytes` of `bytes` are the place for the seal and are not hashed. */
const sealOf = (bytes: Uint8Array): string =>
  `${sealStart}${createHash('sha256')
    .update(bytes.subarray(0, bytes.length - sealBytes))
    .digest('hex')}`;
