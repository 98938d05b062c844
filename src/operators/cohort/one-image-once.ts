import type { Problem } from '../../pipeline/core/problem.js';
import { filesKey, ofPiece, type BagPiece } from './bag-piece.js';

/**
 * Removes images whose id occurs in two files. It is unknown which of the two images is right. If both were used, a
 * slide would count twice. Each such id becomes one problem that names its files.
 */
export function oneImageOnce(pieces: readonly BagPiece[], problems: Problem[]): readonly BagPiece[] {
  const byId = new Map<string, BagPiece[]>();
  for (const piece of pieces) {
    // The id includes the source, because arrays with the same name in the npz files of two stains are two cores.
    const id = JSON.stringify([piece.patient, piece.source, piece.image]);
    const same = byId.get(id);
    if (same) same.push(piece);
    else byId.set(id, [piece]);
  }
  const twice = [...byId.values()].filter(
    (same) =>
      new Set(same.map(({ of }) => of.artifact)).size > 1 ||
      // The artifact of a patient's cores holds all these cores. Two of its images with one id are duplicates. Two
      // arrays of a feature file are no duplicates, because their positions in the file distinguish them.
      (same.length > 1 && same.some(({ of }) => of.fromImages !== null)),
  );
  for (const same of twice) problems.push(twins(same as [BagPiece, ...BagPiece[]]));
  const left = new Set(twice.flat());
  return pieces.filter((piece) => !left.has(piece));
}

function twins(same: readonly [BagPiece, ...BagPiece[]]): Problem {
  const [first] = same;
  const { fromImages } = first.of;
  const names = [...new Set(same.map(({ of }) => of.name))];
  const count = same.length === 2 ? 'Two' : same.length;
  return {
    ...ofPiece(first),
    severity: 'failure',
    reason: `${count} images with one id, "${first.image}": ${names.join(' and ')}. None of them is used.`,
    fix: `Narrow ${filesKey(first.of)} so that it matches one of them${fromImages !== null ? ', or rename one' : '; equal names in h5_files and pt_files are the usual cause'}.`,
  };
}
