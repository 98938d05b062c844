import { maskCell, type TissueMask } from './tissue-slide.js';

/** Corners of every patch of tissue that hangs together: left, top, right, bottom in mask cells, ends exclusive. */
function components({ columns, rows, kinds }: TissueMask): readonly Int32Array[] {
  const label = new Int32Array(kinds.length);
  const found: Int32Array[] = [];
  for (let start = 0; start < kinds.length; start++) {
    if (kinds[start] === 0 || label[start] !== 0) continue;
    const box = Int32Array.from([columns, rows, 0, 0]);
    const stack = [start];
    label[start] = found.length + 1;
    while (stack.length > 0) {
      const at = stack.pop() as number;
      const [x, y] = [at % columns, Math.floor(at / columns)];
      const [left = 0, top = 0, right = 0, bottom = 0] = box;
      box.set([Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)]);
      for (const [nx, ny] of [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ] as const) {
        const next = ny * columns + nx;
        if (nx < 0 || ny < 0 || nx >= columns || ny >= rows || kinds[next] === 0 || label[next] !== 0)
          continue;
        label[next] = found.length + 1;
        stack.push(next);
      }
    }
    found.push(box);
  }
  return found;
}

/**
 * Tiles in the way of CLAM (method.md 3.2) from the mask that was painted: each fragment has a grid of its own that begins at its
 * corner, walked from top to bottom; a tile stays when its centre or one of four points around it lies in tissue.
 * @returns [n, 2], level-0 pixels
 */
export function fragmentGrid(mask: TissueMask, side: number): Int32Array {
  const tissue = (x: number, y: number): boolean => {
    const [column, row] = [Math.floor(x / maskCell), Math.floor(y / maskCell)];
    return column < mask.columns && row < mask.rows && mask.kinds[row * mask.columns + column] !== 0;
  };
  const shift = side >> 2;
  const coords: number[] = [];
  for (const box of components(mask)) {
    const [left = 0, top = 0, right = 0, bottom = 0] = box.map((at) => at * maskCell);
    for (let x = left; x < right; x += side)
      for (let y = top; y < bottom; y += side) {
        const [cx, cy] = [x + side / 2, y + side / 2];
        const points = [-shift, shift].flatMap((dx) =>
          [-shift, shift].map((dy) => [cx + dx, cy + dy] as const),
        );
        if (points.some(([px, py]) => tissue(px, py))) coords.push(x, y);
      }
  }
  return Int32Array.from(coords);
}
