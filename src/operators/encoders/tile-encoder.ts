/** Tiles ready for an encoder: 8-bit RGB, [count, side, side, 3]. */
export interface TileBatch {
  readonly count: number;
  readonly side: number;
  readonly rgb: Uint8Array;
}

/** Turns tiles into instances. */
export interface TileEncoder {
  /** Noted in bags.json and the report, for example "uni.onnx". */
  readonly name: string;
  /** What computes it; a job does not go on from a checkpoint that another engine left, as it computes other numbers. */
  readonly engine: string;
  /** Length of one instance. */
  readonly width: number;
  /** Most tiles it takes at once. */
  readonly batch: number;
  /** [count, width]; tiles of another size than it wants are scaled by it. A row depends on its own tile only. */
  encode(tiles: TileBatch): Promise<Float32Array>;
}
