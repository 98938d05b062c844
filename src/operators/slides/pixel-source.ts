import type { Region } from './slide-reader.js';

/** Decodes what is stored; knows nothing of edges and gaps. */
export interface PixelSource {
  /**
   * [height, width, 3] of a region that lies inside of the level and on stored tiles only.
   * @throws Error of any kind when the data is damaged
   */
  read(level: number, region: Region): Promise<Uint8Array>;
}
