import type { BagModality } from '../../pipeline/core/modality.js';
import type { FeatureBag, FeatureContent, FeatureFile, FeatureReader, Rejected } from './feature-reader.js';
import { patientOf, sourceOf, stainOf, stemOf } from '../../pipeline/core/file-name.js';
import { assertFinite } from './finite.js';
import { asForeign, foreign } from './foreign.js';
import { instancesOf, type NpzLayout } from './npz-layout.js';
import { readNpy } from './npy.js';
import { ZipArchive, type ZipEntry } from './zip-archive.js';

const ending = '.npy';
const keyOf = (entry: ZipEntry): string =>
  entry.name.endsWith(ending) ? entry.name.slice(0, -ending.length) : entry.name;
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** An npz is one stain, named by the file; a mixed one names it in its keys. */
const sourceOfKey = (fileStem: string, key: string, modality: BagModality): string =>
  modality === 'TMA' && stainOf(fileStem) === null ? sourceOf(key, modality) : sourceOf(fileStem, modality);

function readMember(
  archive: ZipArchive,
  entry: ZipEntry,
  { name, modality, width }: FeatureFile,
): { readonly bag: FeatureBag; readonly layout: NpzLayout } {
  const key = keyOf(entry);
  const patient = patientOf(key);
  if (patient === null)
    throw foreign(
      'the key holds no patient id',
      'Use keys like "001" or "TumorCenter_HE_block1_x2_y3_patient001".',
    );
  const { layout, values } = instancesOf(readNpy(archive.read(entry)), width);
  assertFinite(values, width, key);
  const source = sourceOfKey(stemOf(name), key, modality);
  return { bag: { patient, source, image: key, place: key, values, coords: null, mpp: null }, layout };
}

/** When every array fails alike - a wrong width setting, say - one entry for the file says it better than hundreds. */
function condensed(rejected: readonly Rejected[], members: number): readonly Rejected[] {
  const [first] = rejected;
  const alike = first && rejected.every((other) => other.reason === first.reason);
  if (!alike || rejected.length < 2 || rejected.length < members) return rejected;
  const place = `all ${members} arrays, "${first.place}" to "${rejected.at(-1)?.place}"`;
  return [{ ...first, patient: null, place }];
}

/** NumPy archives with one array per patient or core (method.md 2.7). A bad array costs only itself. */
export const npzReader: FeatureReader = {
  extensions: ['.npz'],
  read: (file) => Promise.resolve().then(() => readNpz(file)),
};

function readNpz(file: FeatureFile): FeatureContent {
  const archive = new ZipArchive(file.path);
  try {
    const entries = archive.entries.toSorted((a, b) => byName(keyOf(a), keyOf(b)));
    const arrays = entries.filter((entry) => entry.name.endsWith(ending));
    const strangers = entries.filter((entry) => !entry.name.endsWith(ending));
    if (arrays.length === 0) throw foreign('it holds no arrays', 'Remove it, or write it with numpy.savez.');
    const bags: FeatureBag[] = [];
    const failed: Rejected[] = [];
    const layouts = new Set<NpzLayout>();
    for (const entry of arrays) {
      try {
        const { bag, layout } = readMember(archive, entry, file);
        bags.push(bag);
        layouts.add(layout);
      } catch (thrown) {
        const error = asForeign(thrown);
        if (error === null) throw thrown;
        const key = keyOf(entry);
        const place = key;
        failed.push({
          severity: 'failure',
          patient: patientOf(key),
          place,
          reason: error.what,
          fix: error.fix,
        });
      }
    }
    const ignored = strangers.map((entry): Rejected => ({
      severity: 'warning',
      patient: null,
      place: entry.name,
      reason: 'it is not a .npy array and was ignored',
      fix: 'Remove it from the archive.',
    }));
    const dialect = ['npz', [...layouts].sort().join('+')].filter((part) => part !== '').join('-');
    return { dialect, encoder: null, bags, rejected: [...condensed(failed, arrays.length), ...ignored] };
  } finally {
    archive.close();
  }
}
