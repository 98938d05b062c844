import { isSynthetic } from './stand-in-guard.js';
import type { DataFiles } from '../sources/find-sources.js';

/** Whether the patients of a run are those of a cohort that "haf-pipeline synth" made: by where the outcome table lies. */
export const isInvented = ({ outcome }: Pick<DataFiles, 'outcome'>): boolean =>
  outcome.some(({ path }) => isSynthetic(path));

/** What result tables say of a run over such a cohort. */
export const inventedText = 'Invented patients: no number here is a result about patients.';
