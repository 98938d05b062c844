import type { Region } from './slide-reader.js';

/** Decodes stored pixels. Edges and gaps are handled by its caller. */
export interface PixelSource {
  /**
   * Pixels [height, width, 3] of a region that lies inside the level and on stored tiles only.
   * @throws Error of any kind if the data are damaged
   */
  read(level: number, region: Region): Promise<Uint8Array>;
  /**
   * Reads stored tiles by number, each [cellHeight, cellWidth, 3], including pixels beyond the edges of the level. This
   * is much faster than reading regions. Sources that cannot read whole tiles omit this method.
   * @throws Error of any kind if the data are damaged
   */
  cells?(level: number, cells: readonly number[]): Promise<readonly Uint8Array[]>;
  /**
   * A function that reads regions at any place of a level, if reading a region costs no more than decoding its pixels,
   * and gives the same pixels as reading stored tiles. Null if the level must be read by stored tiles. The regions are
   * like those of `read`; `into` has a buffer for each, which is filled with [height, width, 3].
   */
  regions?(
    level: number,
  ): ((regions: readonly Region[], into: readonly Uint8Array[]) => Promise<void>) | null;
  close?(): Promise<void>;
}
