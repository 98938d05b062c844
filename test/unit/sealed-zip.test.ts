import { unzipSync, zipSync } from 'fflate';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openSealedZip, sealZip } from '../../src/pipeline/core/sealed-zip.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const files = { 'bundle.json': bytes('{"a":1}'), 'fold-0.safetensors': new Uint8Array(300).fill(7) };
const open = (zip: Uint8Array) => openSealedZip(zip, 'model.haf');
const refused = expect.objectContaining({ code: 'HAF_BUNDLE_INVALID' }) as Error;

/** Adds a valid seal to any zip: its SHA-256, as the comment of the zip. */
function sealed(zip: Uint8Array): Uint8Array {
  const all = new Uint8Array(zip.length + 71);
  all.set(zip);
  new DataView(all.buffer).setUint16(zip.length - 2, 71, true);
  all.set(
    bytes(`sha256:${createHash('sha256').update(all.subarray(0, zip.length)).digest('hex')}`),
    zip.length,
  );
  return all;
}

describe('a sealed zip', () => {
  it('gives the same bytes for the same files, and any zip tool reads it', () => {
    const zip = sealZip(files);
    expect(sealZip(files)).toEqual(zip);
    expect(Object.fromEntries(open(zip))).toEqual(files);
    expect(unzipSync(zip)).toEqual(files);
  });

  it('is refused when any byte of it was changed', () => {
    const zip = sealZip(files);
    for (let at = 0; at < zip.length; at++) {
      const changed = zip.slice();
      changed[at] = (changed[at] as number) ^ 0x20;
      expect(() => open(changed), `byte ${at}`).toThrow(refused);
    }
  });

  it('is refused when it is cut off anywhere, or something was added', () => {
    const zip = sealZip(files);
    for (let length = 0; length < zip.length; length++)
      expect(() => open(zip.subarray(0, length)), `${length} bytes`).toThrow(refused);
    expect(() => open(Uint8Array.from([...zip, 0]))).toThrow(refused);
  });

  it.each(['../evil', '/etc/passwd', 'a/b', '..', 'C:evil', '.hidden'])(
    'refuses a file of the name %s',
    (name) => {
      expect(() => open(sealed(zipSync({ [name]: bytes('x') }, { level: 0 })))).toThrow(refused);
      expect(() => sealZip({ [name]: bytes('x') })).toThrow('No name');
    },
  );

  it('unpacks nothing that claims more than there is', () => {
    // A zip bomb: 10 MB of zeros, compressed to a few kilobytes.
    expect(() => open(sealed(zipSync({ bomb: new Uint8Array(10_000_000) }, { level: 9 })))).toThrow(/claims/);
    const zip = zipSync({ a: bytes('xyz') }, { level: 0 });
    const view = new DataView(zip.buffer);
    const central = view.getUint32(zip.length - 6, true);
    for (const field of [20, 24]) view.setUint32(central + field, 0x7fffffff, true);
    expect(() => open(sealed(zip))).toThrow(/claims/);
  });
});
