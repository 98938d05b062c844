/** Averages 2 x 2 pixels of [height, width, 3]. An odd last row or column is left out. */
export function halve(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const half = width >> 1;
  const rows = height >> 1;
  const out = new Uint8Array(half * rows * 3);
  const line = width * 3;
  for (let y = 0; y < rows; y++) {
    let from = 2 * y * line;
    let to = y * half * 3;
    for (let x = 0; x < half; x++, from += 6, to += 3)
      for (let c = 0; c < 3; c++) {
        const at = from + c;
        out[to + c] =
          ((rgb[at] as number) +
            (rgb[at + 3] as number) +
            (rgb[at + line] as number) +
            (rgb[at + line + 3] as number) +
            2) >>
          2;
      }
  }
  return out;
}

/** Receives the rows of one level and cuts them into rows of tiles. */
export class TileRows {
  private readonly rows: Uint8Array;
  private filled = 0;
  private row = 0;

  /** @param height total number of rows of the level */
  constructor(
    readonly width: number,
    readonly height: number,
    private readonly side: number,
  ) {
    this.rows = new Uint8Array(width * side * 3);
  }

  get columns(): number {
    return Math.ceil(this.width / this.side);
  }

  /** Takes rows and yields the tiles that are now complete, [side, side, 3]. Pixels outside of the level are black. */
  *add(rgb: Uint8Array): Generator<{ readonly cell: number; readonly rgb: Uint8Array }> {
    const line = this.width * 3;
    for (let at = 0; at < rgb.length;) {
      const take = Math.min(rgb.length - at, (this.side - this.filled) * line);
      this.rows.set(rgb.subarray(at, at + take), this.filled * line);
      at += take;
      this.filled += take / line;
      const last = this.row * this.side + this.filled === this.height;
      if (this.filled < this.side && !last) continue;
      for (let column = 0; column < this.columns; column++)
        yield { cell: this.row * this.columns + column, rgb: this.tile(column) };
      this.row++;
      this.filled = 0;
    }
  }

  private tile(column: number): Uint8Array {
    const out = new Uint8Array(this.side * this.side * 3);
    const left = column * this.side;
    const bytes = Math.min(this.side, this.width - left) * 3;
    for (let y = 0; y < this.filled; y++) {
      const from = (y * this.width + left) * 3;
      out.set(this.rows.subarray(from, from + bytes), y * this.side * 3);
    }
    return out;
  }
}
