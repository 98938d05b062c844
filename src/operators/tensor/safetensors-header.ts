import { z } from 'zod';

// A safetensors file: the length of the header as a 64-bit number, the header in JSON, then the numbers of all arrays.

/** Bytes of the length in front of the header. */
export const headerStart = 8;

const natural = z.number().int().min(0);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(natural),
  /** First byte and end, counted from the end of the header. */
  data_offsets: z.tuple([natural, natural]),
});
const headerSchema = z.record(z.string(), entrySchema);
export type HeaderEntry = z.infer<typeof entrySchema>;

/** Bytes of the header, from the first eight bytes of the file. */
export const headerLength = (file: Uint8Array): number =>
  Number(new DataView(file.buffer, file.byteOffset, headerStart).getBigUint64(0, true));

/** The arrays of a header by name. @throws SyntaxError or ZodError when the bytes are no such header */
export function parseHeader(json: Uint8Array): Readonly<Record<string, HeaderEntry>> {
  const header = JSON.parse(new TextDecoder().decode(json)) as object;
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return headerSchema.parse(Object.fromEntries(entries));
}

/** Length and header as they stand at the start of a file. */
export function headerBytes(entries: Readonly<Record<string, HeaderEntry>>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(entries));
  // Readers map the numbers in place, so these start on a multiple of eight bytes. The format allows trailing spaces.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(headerStart + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, headerStart);
  return bytes;
}
