/**
 * The most frequent distance of neighbours in a row of tiles, the smaller of equally frequent ones: what a tile
 * without overlap measures. Contours have grids of their own, so that the smallest distance says nothing.
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
  // No two tiles are neighbours: any side shows where the tiles lie.
  return usual?.[0] ?? 256;
}
