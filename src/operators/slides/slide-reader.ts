/** One resolution of a slide. Level 0 is the largest. */
export interface SlideLevel {
  readonly width: number;
  readonly height: number;
  /** Level-0 pixels per pixel of this level: the mean of both axes, as in OpenSlide. */
  readonly downsample: number;
}

/** Physical size of a level-0 pixel in micrometres, and its source. */
export interface SlideMpp {
  readonly x: number;
  readonly y: number;
  /** For example "Aperio MPP", "OME PhysicalSize", "TIFF resolution", "slide table", "tile.defaultMpp". */
  readonly source: string;
}

/**
 * The decoder of the pixels: libvips; our own reading of single tiles, for JPEG 2000; or OpenSlide in a process of
 * its own.
 */
export type SlideRoute = 'strips' | 'tiles' | 'openslide';

/** One image of a file with several images. */
export interface SlideScene {
  /** Numbers start at 1, in the order of the file, and include overviews. */
  readonly number: number;
  /** The name of the image in the file. Empty if the file gives none. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Micrometres per pixel. Null if the file does not state it. */
  readonly mpp: SlideMpp | null;
  /**
   * `overview`: a picture of the whole glass, recognised by its name. `strips`: an image in strips, in a file that has
   * other images in tiles; labels and thumbnails are stored so. `scene`: any other image.
   */
  readonly kind: 'scene' | 'overview' | 'strips';
  /** The corner of the scene in level-0 pixels, if all scenes share one canvas (which is then read as a whole). */
  readonly at?: { readonly x: number; readonly y: number };
}

export interface SlideInfo {
  /**
   * "aperio", "ome", "generic" (any other tiled TIFF) or "plain" (an image without pyramid: flat TIFF, PNG, JPEG).
   * With OpenSlide: its name for the vendor, such as "mirax".
   */
  readonly vendor: string;
  readonly route: SlideRoute;
  /** The levels, the largest first. There is at least one. */
  readonly levels: readonly SlideLevel[];
  /** Micrometres per pixel. Null if the file does not state it in a known form. */
  readonly mpp: SlideMpp | null;
  /** Text of the file about its mpp that was not understood or is not plausible. Null if there is none. */
  readonly mppSaid: string | null;
  /** Objective power (20, 40). Null if the file does not state it. */
  readonly magnification: number | null;
  /** For example "JPEG", "JPEG 2000 (YCbCr)", "Deflate". */
  readonly compression: string;
  /**
   * Where level 0 begins on the canvas to which OpenSlide, CLAM and TRIDENT refer coordinates. Absent if it begins at
   * 0, 0. The canvas of some scanners is much larger than the scanned part.
   */
  readonly origin?: { readonly x: number; readonly y: number };
  /** The images of a file with several images; absent for a file with one image. */
  readonly scenes?: readonly SlideScene[];
  /** The number of the scene that is read. Absent if there is only one scene, or if all scenes share one canvas. */
  readonly scene?: number;
  /** Number of tiles of level 0 without data. Their pixels are read as black. */
  readonly missingTiles: number;
  /** Notes for the user. The slide can be read. */
  readonly notes: readonly string[];
  /** Probable faults of the slide, although it can be read. */
  readonly warnings: readonly SlideWarning[];
}

/** A probable fault of a slide. `reason` is a clause, for use in a sentence. */
export interface SlideWarning {
  /** `failure`: the slide is left out of the cohort because of it. */
  readonly severity: 'warning' | 'failure';
  readonly reason: string;
  readonly fix: string;
  /** The setting that resolves the warning: a pixel size in the slide table, or tile.scene. */
  readonly settledBy?: 'mpp' | 'scene';
}

/** A rectangle of pixels of a level. x and y may be negative, and the region may extend beyond the level. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * An open slide. Pixels are those stored in the file (an ICC profile is not applied), 8-bit RGB, interleaved. Pixels
 * outside of the level, or in a missing tile, are black, like OpenSlide's transparent black after conversion to RGB.
 */
export interface SlideReader {
  readonly info: SlideInfo;
  /**
   * Reads the pixels of a region of a level, [height, width, 3].
   * @throws HafError HAF_SLIDE_UNREADABLE if the pixels are damaged
   */
  read(level: number, region: Region): Promise<Uint8Array>;
  close(): Promise<void>;
}
