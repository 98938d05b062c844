import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * A folder of test data that a clone of the repository does not contain. If the folder is missing, the tests that read
 * it are skipped and print a note.
 */
function optionalFolder(variable: string, name: string): string | null {
  const folder = resolve(process.env[variable] ?? join(import.meta.dirname, '../../../shared', name));
  if (existsSync(folder)) return folder;
  console.warn(`SKIPPED: no ${name} folder at ${folder} (set ${variable} to run these tests)`);
  return null;
}

/** Numeric test vectors made with PyTorch and statsmodels, or null. */
export const vectorsFolder = optionalFolder('HAF_VECTORS', 'vectors');
/** The tables and TMA tile features of the real HANCOCK cohort, or null. */
export const hancockFolder = optionalFolder('HAF_HANCOCK', 'hancock');
/** Four small real slide files, valid and damaged, or null. */
export const slidesFolder = optionalFolder('HAF_SLIDES', 'slides');

/** The cases of one file of test vectors. For use inside a suite that is skipped if `vectorsFolder` is null. */
export function vectorCases<T>(name: string): T[] {
  if (vectorsFolder === null) return [];
  return (JSON.parse(readFileSync(join(vectorsFolder, `${name}.json`), 'utf8')) as { cases: T[] }).cases;
}
/** Folders of faulty and unusual input, each with a description of the right result; or null. */
export const casesFolder = optionalFolder('HAF_CASES', 'cases');
/** Real cohorts other than HANCOCK, or null. */
export const cohortsFolder = optionalFolder('HAF_COHORTS', 'cohorts');
