import { extname } from 'node:path';
import { HafError } from '../../pipeline/core/errors.js';
import { stemOf } from '../../pipeline/core/file-name.js';
import { grouped } from '../../pipeline/core/grouped.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { counted } from '../../pipeline/core/wording.js';
import type { BagFilesOf } from './bag-patients.js';
import { placesTiles } from '../../pipeline/stage.js';

/** Formats of files with several named arrays. Such a file may hold several images, so its name is not compared. */
const severalArrays = ['.npz', '.safetensors'];

/**
 * Files of one patient whose names differ only in folder or ending, such as the same slide in h5_files and pt_files.
 * None of them is used, because it is unknown which is right. They cause a warning, or a refusal if the modality then
 * has no file left.
 *
 * @param key - the key of the experiment that names the files
 */
export function twinFiles(
  modality: ModalityId,
  key: string,
  bags: readonly BagFilesOf[],
): { readonly warnings: readonly Problem[]; readonly refusals: readonly HafError[] } {
  const files = bags.flatMap(({ unit, sources }) =>
    sources
      .filter((source) => !placesTiles(source) && !severalArrays.includes(extname(source.name).toLowerCase()))
      .map(({ name }) => [JSON.stringify([unit.patient ?? null, stemOf(name)]), name] as const),
  );
  const twins = [...grouped(files).values()].filter((names) => names.length > 1);
  const [first = []] = twins;
  if (twins.length === 0) return { warnings: [], refusals: [] };
  const count = twins.flat().length;
  const what = `${modality}: ${count} files are ${counted(twins.length, 'image')} several times by their names, such as ${first.join(' and ')}. None of them is used.`;
  const fix = `Narrow ${key} so that it matches one of them; equal names in h5_files and pt_files are the usual cause.`;
  if (count === bags.flatMap(({ sources }) => sources.filter((source) => !placesTiles(source))).length)
    return {
      warnings: [],
      refusals: [new HafError('HAF_JOIN_REFUSED', what, fix, { context: { modality } })],
    };
  const about = { severity: 'warning', stage: 'preflight', patient: null, place: modality } as const;
  return { warnings: [{ ...about, file: first[0] ?? null, reason: what, fix }], refusals: [] };
}
