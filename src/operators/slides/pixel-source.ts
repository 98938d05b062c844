import type { Region } from './slide-reader.js';

/** Decodes what is stored; knows nothing of edges and gaps. */
export interface PixelSource {
  /**
   * [height, width, 3] of a region that lies inside of the level and on stored tiles only.
   * @throws Error of any kind when the data is damaged
   */
  read(level: number, region: Region): Promise<Uint8Array>;
  /**
   * Stored tiles by number, each [cellHeight, cellWidth, 3] with what it holds beyond the edges of the level. Much faster
   * than reading regions; sources that cannot leave it out.
   * @throws Error of any kind when the data is damaged
   */
  cells?(level: number, cells: readonly number[]): Promise<readonly Uint8Array[]>;
  close?(): Promise<void>;
}
