/** One resolution of a slide; level 0 is the largest. */
export interface SlideLevel {
  readonly width: number;
  readonly height: number;
  /** Level-0 pixels per pixel of this level: mean of both axes, as OpenSlide counts. */
  readonly downsample: number;
}

/** Physical size of a level-0 pixel in micrometres, and who says so. */
export interface SlideMpp {
  readonly x: number;
  readonly y: number;
  /** For example "Aperio MPP", "OME PhysicalSize", "TIFF resolution", "slide table", "tile.defaultMpp". */
  readonly source: string;
}

/** Who decodes the pixels: libvips, our own reading of single tiles, for JPEG 2000, or OpenSlide in a process of its own. */
export type SlideRoute = 'strips' | 'tiles' | 'openslide';

/** One of several images of a file. */
export interface SlideScene {
  /** From 1, in the order of the file; pictures of the glass count, too. */
  readonly number: number;
  /** What the file calls it; empty when it does not. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Null when the file does not say. */
  readonly mpp: SlideMpp | null;
  /** overview: a picture of the glass by its name; strips: stored in strips beside images in tiles, as labels and thumbnails are. */
  readonly kind: 'scene' | 'overview' | 'strips';
  /** Its corner, where all scenes lie on one canvas, which is read as a whole: level-0 pixels. */
  readonly at?: { readonly x: number; readonly y: number };
}

export interface SlideInfo {
  /**
   * "aperio", "ome", "generic" (any other tiled TIFF) or "plain" (an image without pyramid: flat TIFF, PNG, JPEG); what
   * OpenSlide calls it on that route, such as "mirax".
   */
  readonly vendor: string;
  readonly route: SlideRoute;
  /** Largest first; at least one. */
  readonly levels: readonly SlideLevel[];
  /** Null when the file does not say, or not in words that are understood. */
  readonly mpp: SlideMpp | null;
  /** Words of the file about its mpp that were not understood or are not plausible; null without any. */
  readonly mppSaid: string | null;
  /** Objective power (20, 40), null when the file does not say. */
  readonly magnification: number | null;
  /** For example "JPEG", "JPEG 2000 (YCbCr)", "Deflate". */
  readonly compression: string;
  /**
   * Where level 0 begins on the canvas by which OpenSlide, and with it CLAM and TRIDENT, count pixels; absent where it begins at
   * 0, 0. The canvas of some scanners is much larger than what was scanned.
   */
  readonly origin?: { readonly x: number; readonly y: number };
  /** The images of a file with several; absent for a file with one. */
  readonly scenes?: readonly SlideScene[];
  /** The number of the scene that is read; absent where there is one, or where they lie on one canvas. */
  readonly scene?: number;
  /** Tiles of level 0 without data; their pixels read as black. */
  readonly missingTiles: number;
  /** Things to know that do not keep it from being read. */
  readonly notes: readonly string[];
  /** Things that are likely to be wrong, although it can be read. */
  readonly warnings: readonly SlideWarning[];
}

/** What is likely to be wrong with a slide, as a clause. */
export interface SlideWarning {
  /** failure: the slide is left out of a cohort for it. */
  readonly severity: 'warning' | 'failure';
  readonly reason: string;
  readonly fix: string;
  /** What settles it: a size of a pixel in the slide table, or tile.scene. */
  readonly settledBy?: 'mpp' | 'scene';
}

/** Pixels of a level; x and y may be negative, and the region may stick out. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * An open slide. Pixels are those stored in the file (an ICC profile is not applied), 8-bit RGB, interleaved. What lies
 * outside of the level, or in a missing tile, is black, as OpenSlide's transparent black becomes when made RGB.
 */
export interface SlideReader {
  readonly info: SlideInfo;
  /** [height, width, 3]. @throws HafError HAF_SLIDE_UNREADABLE when the pixels are damaged */
  read(level: number, region: Region): Promise<Uint8Array>;
  close(): Promise<void>;
}
