import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A folder of material that a user's clone does not have; its tests skip and say so. */
function optionalFolder(variable: string, name: string): string | null {
  const folder = resolve(process.env[variable] ?? join(import.meta.dirname, '../../../shared', name));
  if (existsSync(folder)) return folder;
  console.warn(`SKIPPED: no ${name} folder at ${folder} (set ${variable} to run these tests)`);
  return null;
}

/** Numeric test vectors made with PyTorch and statsmodels, or null. */
export const vectorsFolder = optionalFolder('HAF_VECTORS', 'vectors');
/** The real HANCOCK tables and TMA tile features, or null. */
export const hancockFolder = optionalFolder('HAF_HANCOCK', 'hancock');
/** Four small real slide files, good and bad, or null. */
export const slidesFolder = optionalFolder('HAF_SLIDES', 'slides');

/** The cases of one vector file; use inside a suite that is skipped when `vectorsFolder` is null. */
export function vectorCases<T>(name: string): T[] {
  if (vectorsFolder === null) return [];
  return (JSON.parse(readFileSync(join(vectorsFolder, `${name}.json`), 'utf8')) as { cases: T[] }).cases;
}
/** Folders of bad and unusual input, each with what is right, or null. */
export const casesFolder = optionalFolder('HAF_CASES', 'cases');
/** Real cohorts that are not HANCOCK, or null. */
export const cohortsFolder = optionalFolder('HAF_COHORTS', 'cohorts');
