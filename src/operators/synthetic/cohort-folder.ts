import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { HafError } from '../../pipeline/core/errors.js';
import { syntheticMarkerFile, type syntheticMarkerSchema } from '../../pipeline/core/synthetic-marker.js';

/**
 * Checks a number.
 * @throws HafError `HAF_USAGE` if it is not whole, or below the minimum
 */
export function assertWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new HafError(
    'HAF_USAGE',
    `The number for "${name}" is ${value}.`,
    `Give a whole number of at least ${least}.`,
  );
}

const fewestPatients = 20;
const smallestWidth = 8;

/** @throws HafError `HAF_USAGE` for fewer patients than folds need, or for instances too short to carry a signal */
export function assertCohortSize(patients: number, width: number): void {
  assertWhole('patients', patients, fewestPatients);
  assertWhole('width', width, smallestWidth);
}

/**
 * Creates the folder and its subfolders.
 * @throws HafError `HAF_USAGE` if it exists and is not empty
 */
export function prepareFolder(out: string, folders: readonly string[]): void {
  mkdirSync(out, { recursive: true });
  if (readdirSync(out).length > 0)
    throw new HafError('HAF_USAGE', `${out} is not empty.`, 'Name a new folder, or remove this one first.');
  for (const folder of folders) mkdirSync(join(out, folder));
}

/** The settings that an invented cohort was made with. More keys may be added. */
export interface MarkedSettings extends Readonly<Record<string, unknown>> {
  readonly patients: number;
  readonly seed: number;
}

/** Marks a folder as one with invented patients. People read `README.txt`, programs read the marker file. */
export function markSynthetic(out: string, settings: MarkedSettings, readme: string): void {
  const marker: z.infer<typeof syntheticMarkerSchema> = { synthetic: true, ...settings };
  writeFileSync(join(out, 'README.txt'), readme);
  writeFileSync(join(out, syntheticMarkerFile), `${JSON.stringify(marker)}\n`);
}
