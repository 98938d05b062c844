/** Markers of a JPEG (ITU-T T.81 B.1.1.3): start of image, end of image, and start of scan. */
const soi = Buffer.from([0xff, 0xd8]);
const eoi = Buffer.from([0xff, 0xd9]);
const scan = 0xda;
/** Markers of quantisation and Huffman tables, which all tiles of a slide share. */
const shared: readonly number[] = [0xdb, 0xc4];
/**
 * Whether a segment with this marker holds JFIF or other application data. Such a segment is left out, because the tags
 * of the TIFF hold this information.
 */
const application = (marker: number): boolean => marker >= 0xe0 && marker <= 0xef;

/**
 * Splits a JPEG into its tables, as TIFF's JPEGTables tag holds them, and the rest, which is stored as a tile (TIFF technical note
 * 2).
 */
export function splitTables(jpeg: Uint8Array): { readonly tables: Uint8Array; readonly tile: Uint8Array } {
  const tables: Uint8Array[] = [soi];
  const tile: Uint8Array[] = [soi];
  let at = 2;
  for (;;) {
    const marker = jpeg[at + 1] as number;
    if (marker === scan) break;
    const end = at + 2 + (((jpeg[at + 2] as number) << 8) | (jpeg[at + 3] as number));
    const segment = jpeg.subarray(at, end);
    if (shared.includes(marker)) tables.push(segment);
    else if (!application(marker)) tile.push(segment);
    at = end;
  }
  tile.push(jpeg.subarray(at));
  return { tables: Buffer.concat([...tables, eoi]), tile: Buffer.concat(tile) };
}
