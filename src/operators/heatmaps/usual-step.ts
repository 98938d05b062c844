/**
 * The most frequent distance between neighbours in a row of tiles, which is the side length of tiles without overlap.
 * If several distances are equally frequent, the smallest of them is returned. Each tissue contour has its own grid of
 * tiles, and tiles of two grids may lie at any distance. So the smallest distance between two tiles is not the side
 * length.
 */
export function usualStep(coords: Float32Array): number {
  const lines = new Map<number, number[]>();
  for (let i = 0; i < coords.length; i += 2) {
    const [x, y] = [coords[i] as number, coords[i + 1] as number];
    const line = lines.get(y);
    if (line) line.push(x);
    else lines.set(y, [x]);
  }
  const steps = new Map<number, number>();
  for (const line of lines.values()) {
    line.sort((a, b) => a - b);
    for (const [i, x] of line.entries()) {
      const step = i === 0 ? 0 : x - (line[i - 1] as number);
      if (step > 0) steps.set(step, (steps.get(step) ?? 0) + 1);
    }
  }
  const [usual] = [...steps].sort(([a, many], [b, more]) => more - many || a - b);
  // If no two tiles are neighbours, any side length shows the positions of the tiles.
  return usual?.[0] ?? 256;
}
