import { join } from 'node:path';
import type { Curve } from '../../page/wire.js';
import { trainingFolder } from '../runs/training-folder.js';
import { rowsIn } from './run-files.js';

/** The name of a training job, such as `stage1/fold-4/WSI`: stage, fold, and the modality, alignment or method. */
const trainingJob = /^(stage1|stage2|stage3|joint)\/fold-(\d+)(?:\/([\w.+-]+))?$/;

/**
 * All epochs of a training job that ended, from `history.csv` in the run directory. The events are not enough: a worker
 * reports only some epochs, and a cached job has no events of epochs. Null if the directory has no such file.
 */
export function historyOf(directory: string, job: string): Curve | null {
  const [, stage, fold, what] = trainingJob.exec(job) ?? [];
  if (stage === undefined || fold === undefined || what === '.' || what === '..') return null;
  const rows = rowsIn(join(directory, 'folds', fold, trainingFolder(stage, what), 'history.csv'));
  const [first] = rows;
  if (first === undefined) return null;
  const numberOf = (cell: string | undefined): number | null =>
    cell === undefined || cell === '' || !Number.isFinite(Number(cell)) ? null : Number(cell);
  const names = Object.keys(first).filter((name) => name !== 'epoch');
  return {
    job,
    epochs: rows.map(({ epoch }) => Number(epoch)),
    lines: names.map((name) => ({ name, values: rows.map((row) => numberOf(row[name])) })),
  };
}
