import type { TableFault } from './table-fault.js';

/** Maximum number of faults of one kind that are shown. The other faults are only counted. */
const named = 5;

/** Shortens many faults of one kind to the first few. The last fault that is kept states the number of omitted ones. */
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
