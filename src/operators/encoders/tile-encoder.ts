/** Tiles ready for an encoder: 8-bit RGB, [count, side, side, 3]. */
export interface TileBatch {
  readonly count: number;
  readonly side: number;
  readonly rgb: Uint8Array;
}

/** Converts tiles to instances. */
export interface TileEncoder {
  /** Name of the encoder in bags.json and in the report, for example "uni.onnx". */
  readonly name: string;
  /**
   * The library and device that compute it. A job does not resume from a checkpoint of another engine, because another
   * engine computes different numbers.
   */
  readonly engine: string;
  /** Whether a GPU computes. The live view shows it. */
  readonly onGpu: boolean;
  /** Number of values in one instance. */
  readonly width: number;
  /** Maximum number of tiles per call. */
  readonly batch: number;
  /**
   * Returns the instances of the tiles, [count, width]. The encoder scales tiles whose size is not that of its input.
   * Each instance depends only on its own tile.
   */
  encode(tiles: TileBatch): Promise<Float32Array>;
}
