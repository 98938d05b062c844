import { boxOf, type Box, type Polygon } from './polygon.js';

/** The position of a point, as in OpenCV's pointPolygonTest: 1 inside, 0 on the border, -1 outside. */
export type Side = 1 | 0 | -1;

/**
 * Tests points against one polygon, with exactly the results of OpenCV's pointPolygonTest (even-odd rule; the border
 * is a case of its own). It tests only the edges that reach the point's row. Edges are sorted into bands of rows.
 * There are at most as many bands as edges, so building the index takes time linear in the length of the outline.
 */
export class PolygonIndex {
  readonly box: Box;
  private readonly bandHeight: number;
  /** Edges of band k: `edges[starts[k]]` to `edges[starts[k + 1] - 1]`. Edge i runs from vertex i - 1 to vertex i. */
  private readonly starts: Int32Array;
  private readonly edges: Int32Array;

  constructor(private readonly polygon: Polygon) {
    this.box = boxOf(polygon);
    const vertices = polygon.length / 2;
    const rows = this.box.bottom - this.box.top;
    this.bandHeight = Math.ceil(rows / Math.min(rows, vertices));
    const bands = Math.ceil(rows / this.bandHeight);
    this.starts = new Int32Array(bands + 1);
    this.eachBand((band) => this.count(band + 1));
    for (let band = 0; band < bands; band++)
      this.starts[band + 1] = (this.starts[band] as number) + (this.starts[band + 1] as number);
    const next = this.starts.slice();
    this.edges = new Int32Array(this.starts[bands] as number);
    this.eachBand((band, edge) => {
      const at = next[band] as number;
      this.edges[at] = edge;
      next[band] = at + 1;
    });
  }

  private count(band: number): void {
    this.starts[band] = (this.starts[band] as number) + 1;
  }

  private eachBand(visit: (band: number, edge: number) => void): void {
    const { polygon, bandHeight } = this;
    let y0 = polygon[polygon.length - 1] as number;
    for (let edge = 0; edge < polygon.length / 2; edge++) {
      const y = polygon[2 * edge + 1] as number;
      const first = Math.floor((Math.min(y0, y) - this.box.top) / bandHeight);
      const last = Math.floor((Math.max(y0, y) - this.box.top) / bandHeight);
      for (let band = first; band <= last; band++) visit(band, edge);
      y0 = y;
    }
  }

  /**
   * The position of a point. Its coordinates may be whole or half numbers, because the middle of a tile with an odd
   * side is at a half.
   */
  sideOf(px: number, py: number): Side {
    const { left, top, right, bottom } = this.box;
    if (px < left || px > right - 1 || py < top || py > bottom - 1) return -1;
    const band = Math.floor((py - top) / this.bandHeight);
    let crossings = 0;
    for (let at = this.starts[band] as number; at < (this.starts[band + 1] as number); at++) {
      const edge = this.edges[at] as number;
      const end = 2 * edge;
      const start = edge === 0 ? this.polygon.length - 2 : end - 2;
      const x0 = this.polygon[start] as number;
      const y0 = this.polygon[start + 1] as number;
      const x = this.polygon[end] as number;
      const y = this.polygon[end + 1] as number;
      if (y0 <= py === y <= py || (x0 < px && x < px)) {
        const onEnd = py === y && px === x;
        const onLevelEdge = py === y && py === y0 && px >= Math.min(x0, x) && px <= Math.max(x0, x);
        if (onEnd || onLevelEdge) return 0;
        continue;
      }
      const turn = (py - y0) * (x - x0) - (px - x0) * (y - y0);
      if (turn === 0) return 0;
      if (turn > 0 === y > y0) crossings++;
    }
    return crossings % 2 === 0 ? -1 : 1;
  }
}
