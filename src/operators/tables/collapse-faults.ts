import type { TableFault } from './table-fault.js';

/** Lines and columns that are named before the rest of the same kind is counted. */
const named = 5;

/** Faults of one kind in many lines: the first few, the last of them with a count of the others. */
export function collapsed(
  faults: readonly TableFault[],
  place: 'lines' | 'columns' = 'lines',
): readonly TableFault[] {
  if (faults.length <= named) return faults;
  const rest = faults.length - named;
  const word = rest === 1 ? place.slice(0, -1) : place;
  return faults
    .slice(0, named)
    .map((fault, at) =>
      at < named - 1 ? fault : { ...fault, problem: `${fault.problem} (and ${rest} more ${word} like this)` },
    );
}
