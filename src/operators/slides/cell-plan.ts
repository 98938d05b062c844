import { cellsOf, overlapOf, type LevelGrid } from './level-grid.js';
import type { SlideLevel } from './slide-reader.js';

/** Which stored tiles ("cells") must be decoded for the wanted tiles, and which tiles need each of them. */
export interface CellPlan {
  /** Cells in the order of decoding: from top to bottom, so that tiles are complete soon after they are begun. */
  readonly cells: readonly number[];
  /** For each cell, the wanted tiles that take pixels from it. */
  readonly takers: ReadonlyMap<number, readonly number[]>;
  /** For each tile, the number of cells that it needs. 0 for a tile outside of the slide or on missing data. */
  readonly awaited: Int32Array;
  /** 1 if some pixels of a tile come from no cell and are therefore black. */
  readonly partial: Uint8Array;
}

/**
 * Lists every cell that a wanted tile touches, once. The grids of several pieces of tissue are not aligned with the
 * cells or with each other. So a tile takes its pixels from up to four cells, and a cell is used by several tiles.
 *
 * @param places [tiles, 2], upper left corners of the wanted tiles in pixels of the level
 * @param side their side length in such pixels
 */
export function planCells(
  { width, height }: Pick<SlideLevel, 'width' | 'height'>,
  grid: LevelGrid,
  places: Int32Array,
  side: number,
): CellPlan {
  const whole = { x: 0, y: 0, width, height };
  const takers = new Map<number, number[]>();
  const awaited = new Int32Array(places.length / 2);
  const partial = new Uint8Array(awaited.length);
  for (let tile = 0; tile < awaited.length; tile++) {
    const [x, y] = [places[2 * tile] as number, places[2 * tile + 1] as number];
    const inside = overlapOf({ x, y, width: side, height: side }, whole);
    if (inside === null || inside.width < side || inside.height < side) partial[tile] = 1;
    if (inside === null) continue;
    const { left, top, right, bottom } = cellsOf(grid, inside);
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const cell = row * grid.columns + column;
        if (grid.stored[cell] !== 1) {
          partial[tile] = 1;
          continue;
        }
        awaited[tile] = (awaited[tile] as number) + 1;
        const taking = takers.get(cell);
        if (taking) taking.push(tile);
        else takers.set(cell, [tile]);
      }
  }
  return { cells: [...takers.keys()].sort((a, b) => a - b), takers, awaited, partial };
}
