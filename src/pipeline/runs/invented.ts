import { isSynthetic } from './stand-in-guard.js';
import type { DataFiles } from '../sources/find-sources.js';

/**
 * Whether the patients of a run are those of a cohort that "haf-pipeline synth" made. The folder of the outcome table,
 * or a folder above it, then holds a marker file of "synth".
 */
export const isInvented = ({ outcome }: Pick<DataFiles, 'outcome'>): boolean =>
  outcome.some(({ path }) => isSynthetic(path));

/** The note in result tables of a run over a synthetic cohort. */
export const inventedText = 'Invented patients: no number here is a result about patients.';
