/** A stage with the stages that it reads. */
export interface Node {
  readonly stage: string;
  readonly reads: readonly string[];
}

export interface Layout {
  /** Column and row of each stage. */
  readonly places: ReadonlyMap<string, readonly [column: number, row: number]>;
  /** Arrows to draw: those that are not implied by a longer path. */
  readonly arrows: readonly (readonly [from: string, to: string])[];
}

/**
 * Arranges stages in columns, so that each stage is to the right of all stages that it reads. If it is not known
 * what the stages read, or if too many columns are needed, the stages are in the order of the data flow, line by
 * line and without arrows.
 *
 * @param most maximum number of columns
 */
export function layoutOf(nodes: readonly Node[], most: number): Layout {
  const layout = layered(nodes);
  const columns = 1 + Math.max(0, ...[...layout.places.values()].map(([column]) => column));
  if (columns <= most && nodes.some(({ reads }) => reads.length > 0)) return layout;
  return {
    places: new Map(nodes.map(({ stage }, at) => [stage, [at % most, Math.floor(at / most)]])),
    arrows: [],
  };
}

function layered(nodes: readonly Node[]): Layout {
  const known = new Map(nodes.map((node) => [node.stage, node]));
  const depths = new Map<string, number>();
  const depthOf = (stage: string): number => {
    const before = depths.get(stage);
    if (before !== undefined) return before;
    // The depth is 0 until the real depth is known. Without this value, two stages that read each other would cause an
    // endless recursion.
    depths.set(stage, 0);
    const reads = known.get(stage)?.reads ?? [];
    const depth = Math.max(0, ...reads.filter((one) => one !== stage).map((one) => depthOf(one) + 1));
    depths.set(stage, depth);
    return depth;
  };
  const filled = new Map<number, number>();
  const places = new Map<string, readonly [number, number]>();
  for (const { stage } of nodes) {
    const column = depthOf(stage);
    const line = filled.get(column) ?? 0;
    filled.set(column, line + 1);
    places.set(stage, [column, line]);
  }
  const reaches = (from: string, to: string): boolean =>
    (known.get(from)?.reads ?? []).some((one) => one !== from && (one === to || reaches(one, to)));
  const arrows = nodes.flatMap(({ stage, reads }) =>
    reads
      .filter(
        (one) =>
          one !== stage && !reads.some((other) => other !== one && other !== stage && reaches(other, one)),
      )
      .map((one) => [one, stage] as const),
  );
  return { places, arrows };
}
