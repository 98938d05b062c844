/** Tiles ready for an encoder: 8-bit RGB, [count, side, side, 3]. */
export interface TileBatch {
  readonly count: number;
  readonly side: number;
  readonly rgb: Uint8Array;
}

/** Turns tiles into instances. Each row depends on its own tile only, whatever the batch. */
export interface Encoder {
  /** Noted in bags.json and the report, for example "stand-in", "uni.onnx". */
  readonly name: string;
  /** Length of one instance. */
  readonly width: number;
  /** Tiles it wants at once. */
  readonly batch: number;
  /** Side of its input in pixels; tiles of another size are scaled by it. */
  encode(tiles: TileBatch): Promise<Float32Array>;
  close(): Promise<void>;
}
