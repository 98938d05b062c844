import { z } from 'zod';

// A safetensors file: the length of the header as a 64-bit number, the header in JSON, then the numbers of all arrays.

/** Number of bytes of the length field before the header. */
export const headerStart = 8;

const natural = z.number().int().min(0);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(natural),
  /** Offsets of the first byte of the array and of the byte after its last one, counted from the end of the header. */
  data_offsets: z.tuple([natural, natural]),
});
const headerSchema = z.record(z.string(), entrySchema);
export type HeaderEntry = z.infer<typeof entrySchema>;

/** Length of the header in bytes, from the first eight bytes of the file. */
export const headerLength = (file: Uint8Array): number =>
  Number(new DataView(file.buffer, file.byteOffset, headerStart).getBigUint64(0, true));

/**
 * The arrays in a header by name.
 * @throws SyntaxError or ZodError if the bytes are not a safetensors header
 */
export function parseHeader(json: Uint8Array): Readonly<Record<string, HeaderEntry>> {
  const header = JSON.parse(new TextDecoder().decode(json)) as object;
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return headerSchema.parse(Object.fromEntries(entries));
}

/** Length and header, in the form of the beginning of a file. */
export function headerBytes(entries: Readonly<Record<string, HeaderEntry>>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(entries));
  // Readers map the numbers in place, so these start at a multiple of eight bytes. The format allows trailing spaces.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(headerStart + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, headerStart);
  return bytes;
}
