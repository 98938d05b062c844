import type { Problem } from '../../pipeline/core/problem.js';
import { filesKey, ofPiece, type BagPiece } from './bag-piece.js';

/**
 * Scales that differ by more than a fifth are different magnifications. Scanners of one magnification differ by a few
 * per cent.
 */
const tolerance = 1.2;

const alike = (a: number, b: number): boolean => Math.max(a, b) <= tolerance * Math.min(a, b);
const shown = (mpp: number): string => String(Number(mpp.toPrecision(3)));

/**
 * The pieces of a modality whose tiles have the most common physical scale. To an encoder, the same tissue at 20x and
 * 40x looks like different tissue. Pieces of another scale are left out and listed. A piece of unknown scale is kept,
 * with a warning if other pieces state theirs.
 */
export function oneScale(pieces: readonly BagPiece[], problems: Problem[]): readonly BagPiece[] {
  const known = pieces.flatMap(({ mpp }) => (mpp === null ? [] : [mpp]));
  const common = mostCommon(known);
  if (common === null) return pieces;
  return pieces.filter((piece) => {
    if (piece.mpp === null) problems.push(unknownScale(piece, common));
    else if (!alike(piece.mpp, common)) problems.push(otherScale(piece, piece.mpp, common));
    return piece.mpp === null || alike(piece.mpp, common);
  });
}

/**
 * The scale to which the scales of the most pieces are similar. A tie is decided by the number of pieces that have
 * exactly this scale, and a second tie by the finest scale.
 */
function mostCommon(known: readonly number[]): number | null {
  const counts = new Map<number, number>();
  for (const mpp of known) counts.set(mpp, (counts.get(mpp) ?? 0) + 1);
  const candidates = [...counts].map(([mpp, own]) => ({
    mpp,
    own,
    like: [...counts].reduce((sum, [other, count]) => sum + (alike(mpp, other) ? count : 0), 0),
  }));
  const [first] = candidates.sort((a, b) => b.like - a.like || b.own - a.own || a.mpp - b.mpp);
  return first?.mpp ?? null;
}

function otherScale(piece: BagPiece, mpp: number, common: number): Problem {
  const { modality, fromImages } = piece.of;
  // The advice `fix` proposes the coarser of the two scales for all slides, because enlarging a finer scale would add
  // no detail.
  const both = shown(Math.max(mpp, common));
  return {
    ...ofPiece(piece),
    severity: 'failure',
    reason: `Its tiles have ${shown(mpp)} micrometres per pixel, the most common of ${modality} is ${shown(common)}, so it is not used.`,
    fix:
      fromImages !== null
        ? `Set tile.mpp: ${both} to tile all slides at one physical size, or take the slide out of ${filesKey(piece.of)}.`
        : `Extract its features again at ${shown(common)} micrometres per pixel.`,
  };
}

const unknownScale = (piece: BagPiece, common: number): Problem => ({
  ...ofPiece(piece),
  severity: 'warning',
  reason: `It does not say how many micrometres a pixel of its tiles has; others have ${shown(common)}.`,
  fix:
    piece.of.fromImages !== null
      ? `Give its mpp in data.modalities.${piece.of.modality}.slideTable.`
      : 'Check that its features were extracted at the same magnification.',
});
