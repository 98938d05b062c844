/** One byte per pixel, row after row: [height, width]. Binary images hold 0 and 255. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
