import type { Rng } from '../../pipeline/core/rng.js';

/** The kinds of tissue on an invented slide. Only the tumour looks different for patients with different risk. */
export const tissueKinds = ['glass', 'stroma', 'necrosis', 'lymphocytes', 'tumour'] as const;
export type TissueKind = (typeof tissueKinds)[number];

/** Side length of a cell of the map in pixels. Outlines have this resolution. */
export const cellPx = 4;

/** The tissue at each position: for each cell of a square slide, the index in `tissueKinds`. */
export interface TissueMap {
  /** Number of cells along a side. */
  readonly cells: number;
  readonly kinds: Uint8Array;
}

/**
 * Radius of the one large piece of tissue, as a fraction of the slide. A piece of this size is found as a whole with
 * CLAM's thresholds for biopsies.
 */
const pieceRadius = [0.36, 0.42] as const;
/** Depth of the lobes in the outline of the large piece, as a fraction of its radius. */
const lobeDepth = 0.07;
const crumbs = 3;
/** Radius of an island of one kind of tissue, as a fraction of the slide. */
const islandRadius = [0.05, 0.11] as const;
const islands = { necrosis: 2, lymphocytes: 3, tumour: 8 } as const;

const kindOf = (kind: TissueKind): number => tissueKinds.indexOf(kind);
const between = ([low, high]: readonly [number, number], random: Rng): number =>
  low + (high - low) * random.uniform();

/**
 * Draws a slide: a lobed piece of stroma with islands of the other kinds, and fragments that are too small for tissue
 * detection.
 */
export function drawTissue(sidePx: number, random: Rng): TissueMap {
  const cells = sidePx / cellPx;
  const kinds = new Uint8Array(cells * cells);
  const disc = (x: number, y: number, radius: number, use: (at: number) => void): void => {
    for (let row = Math.max(0, Math.ceil(y - radius)); row < Math.min(cells, y + radius); row++)
      for (let column = Math.max(0, Math.ceil(x - radius)); column < Math.min(cells, x + radius); column++)
        if (Math.hypot(column - x, row - y) < radius) use(row * cells + column);
  };
  const [centreX, centreY] = [0, 0].map(() => cells * (0.48 + 0.04 * random.uniform())) as [number, number];
  const radius = cells * between(pieceRadius, random);
  const phases = [2, 3, 5].map((lobes) => [lobes, 2 * Math.PI * random.uniform()] as const);
  for (let row = 0; row < cells; row++)
    for (let column = 0; column < cells; column++) {
      const angle = Math.atan2(row - centreY, column - centreX);
      const lobes = phases.reduce((sum, [count, phase]) => sum + Math.cos(count * angle + phase), 0);
      const reach = radius * (1 + (lobeDepth * lobes) / phases.length);
      if (Math.hypot(row - centreY, column - centreX) < reach) kinds[row * cells + column] = kindOf('stroma');
    }
  for (let crumb = 0; crumb < crumbs; crumb++) {
    const corner = [0, 0].map(() => cells * (random.uniform() < 0.5 ? 0.06 : 0.94)) as [number, number];
    disc(...corner, cells * 0.03, (at) => (kinds[at] = kindOf('stroma')));
  }
  for (const [kind, count] of Object.entries(islands) as [TissueKind, number][])
    for (let island = 0; island < count; island++) {
      const [away, angle] = [radius * Math.sqrt(random.uniform()), 2 * Math.PI * random.uniform()];
      const [x, y] = [centreX + away * Math.cos(angle), centreY + away * Math.sin(angle)];
      disc(x, y, cells * between(islandRadius, random), (at) => {
        if (kinds[at] !== kindOf('glass')) kinds[at] = kindOf(kind);
      });
    }
  return { cells, kinds };
}
