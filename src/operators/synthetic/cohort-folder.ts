import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { HafError } from '../../pipeline/core/errors.js';
import { syntheticMarkerFile, type syntheticMarkerSchema } from '../../pipeline/core/synthetic-marker.js';

/**
 * Refuses a number out of range.
 * @throws HafError `HAF_USAGE` when it is not whole, or is less than the least
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

/** @throws HafError `HAF_USAGE` for fewer patients than folds need, or instances too short to hold a signal */
export function assertCohortSize(patients: number, width: number): void {
  assertWhole('patients', patients, fewestPatients);
  assertWhole('width', width, smallestWidth);
}

/** Makes the folder and those below it. @throws HafError `HAF_USAGE` when something is in it already */
export function prepareFolder(out: string, folders: readonly string[]): void {
  mkdirSync(out, { recursive: true });
  if (readdirSync(out).length > 0)
    throw new HafError('HAF_USAGE', `${out} is not empty.`, 'Name a new folder, or remove this one first.');
  for (const folder of folders) mkdirSync(join(out, folder));
}

/** What an invented cohort was made with; more keys may follow. */
export interface MarkedSettings extends Readonly<Record<string, unknown>> {
  readonly patients: number;
  readonly seed: number;
}

/** Says in a folder that its patients are invented: `README.txt` tells people, the marker file tells programs. */
export function markSynthetic(out: string, settings: MarkedSettings, readme: string): void {
  const marker: z.infer<typeof syntheticMarkerSchema> = { synthetic: true, ...settings };
  writeFileSync(join(out, 'README.txt'), readme);
  writeFileSync(join(out, syntheticMarkerFile), `${JSON.stringify(marker)}\n`);
}
