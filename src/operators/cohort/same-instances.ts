import { grouped } from '../../pipeline/core/grouped.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { ofPiece, type BagPiece } from './bag-piece.js';

/**
 * Warns of two pieces of bags with equal instances, in one file or in two. Either a file is a copy under the name of
 * another patient, or the bag of a patient has one image twice.
 */
export function sameInstances(pieces: readonly BagPiece[]): readonly Problem[] {
  const known = pieces.flatMap((piece) =>
    piece.digest === undefined ? [] : [[piece.digest, piece] as const],
  );
  return [...grouped(known).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : others.map((piece) => warningOf(piece, first)),
  );
}

function warningOf(piece: BagPiece, first: BagPiece): Problem {
  const where = first.of.name === piece.of.name ? `"${first.image}" of the same file` : first.of.name;
  const others = piece.patient !== first.patient;
  return {
    ...ofPiece(piece),
    severity: 'warning',
    reason: others
      ? `It holds the same ${piece.rows} instances as ${where}, which is of patient ${first.patient}.`
      : `It holds the same ${piece.rows} instances as ${where}, of the same patient: they count twice.`,
    fix: 'One of the two is a copy under a wrong name: remove or replace it.',
  };
}
