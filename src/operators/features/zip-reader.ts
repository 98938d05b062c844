import { stemOf } from '../../pipeline/core/file-name.js';
import type { FeatureContent, FeatureFile, FeatureReader, Rejected } from './feature-reader.js';
import { asForeign, foreign } from './foreign.js';
import { bagsOfNamed } from './keyed-bags.js';
import type { MemoryBudget } from './memory-budget.js';
import { openNpy } from './npy.js';
import { arraysLookedAt, featureNames, shapeOf, type ArrayShape } from './stored-array.js';
import { torchContent, torchShapes } from './torch-content.js';
import { isTorchZip, openTorchZip } from './torch-zip.js';
import { ZipArchive } from './zip-archive.js';

const ending = '.npy';
const localHeader = [0x50, 0x4b, 0x03, 0x04];
const endRecord = [0x50, 0x4b, 0x05, 0x06];

/** Zip archives: an npz of NumPy, or a tensor file of PyTorch 1.6 and newer (method.md 2.7). */
export const zipReader: FeatureReader = {
  extensions: ['.npz'],
  recognises: (head) =>
    [localHeader, endRecord].some((signature) => signature.every((byte, i) => head[i] === byte)),
  read: (file) => Promise.resolve().then(() => readZip(file)),
  keys: npzKeys,
  shapes: (path, budget) =>
    Promise.resolve().then(() => withArchive(path, (archive) => zipShapes(archive, budget))),
};

function withArchive<T>(path: string, use: (archive: ZipArchive) => T): T {
  const archive = new ZipArchive(path);
  try {
    return use(archive);
  } finally {
    archive.close();
  }
}

/**
 * The shape of `features`, if it exists, otherwise of a few members. Each member is read as a whole, so only a few are
 * opened.
 */
function zipShapes(archive: ZipArchive, budget: MemoryBudget): readonly ArrayShape[] {
  if (isTorchZip(archive)) return torchShapes(openTorchZip(archive, budget));
  const arrays = archive.entries.filter(({ name }) => name.endsWith(ending));
  const nameOf = (name: string): string => name.slice(0, -ending.length);
  const named = arrays.filter(({ name }) => featureNames.includes(nameOf(name)));
  return (named.length > 0 ? named : arrays.slice(0, arraysLookedAt)).map((entry) =>
    shapeOf(openNpy(archive.read(entry, budget), nameOf(entry.name))),
  );
}

const readZip = (file: FeatureFile): FeatureContent =>
  withArchive(file.path, (archive) => {
    const content = isTorchZip(archive)
      ? torchContent(file, openTorchZip(archive, file.budget))
      : npzContent(file, archive);
    return { ...content, rejected: [...content.rejected, ...damagedBeside(archive, file)] };
  });

/** A warning of a damaged member that was not needed: the features are intact, but the archive is not. */
const damagedBeside = (archive: ZipArchive, { patient, budget }: FeatureFile): readonly Rejected[] =>
  archive.unread.flatMap((entry): Rejected[] => {
    try {
      archive.read(entry, budget);
      return [];
    } catch (thrown) {
      const error = asForeign(thrown);
      if (error === null) throw thrown;
      const reason = `a member that is not used fails its check: ${error.what}`;
      return [{ severity: 'warning', patient, place: entry.name, reason, fix: error.fix }];
    }
  });

function npzContent(file: FeatureFile, archive: ZipArchive): FeatureContent {
  const arrays = archive.entries.filter((entry) => entry.name.endsWith(ending));
  if (arrays.length === 0) throw foreign('it holds no arrays', 'Remove it, or write it with numpy.savez.');
  const named = arrays.map((entry) => {
    const name = entry.name.slice(0, -ending.length);
    return { name, open: () => openNpy(archive.read(entry, file.budget), name) };
  });
  const strangers = archive.entries
    .filter((entry) => !entry.name.endsWith(ending))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const ignored = strangers.map(({ name }): Rejected => ({
    severity: 'warning',
    patient: null,
    place: name,
    reason: 'it is not a .npy array and was ignored',
    fix: 'Remove it from the archive.',
  }));
  const content = bagsOfNamed(file, named, 'npz');
  return { ...content, rejected: [...content.rejected, ...ignored] };
}

/** Names of the arrays of an npz, from its directory alone. Null for a tensor file. */
function npzKeys(path: string): readonly string[] | null {
  return withArchive(path, (archive) =>
    isTorchZip(archive) ? null : archive.entries.map(({ name }) => stemOf(name)),
  );
}
