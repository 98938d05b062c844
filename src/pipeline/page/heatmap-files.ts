import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { RunDirectory } from '../runs/run-directory.js';
import { namesIn } from './run-files.js';

/** A picture or table of attention in a run directory. */
export interface HeatmapFile {
  readonly modality: string;
  readonly file: string;
  readonly path: string;
  readonly patient: string;
  /** Null in runs whose folds have test patients of their own. */
  readonly fold: number | null;
}

const fixedTest = z.object({ cv: z.object({ mode: z.literal('fixedTest') }) });

/**
 * The heatmaps of a run. With a fixed test set every fold looks at the same patients, and the name of the file ends in the fold.
 * In other runs it is the patient alone, who may be called `P1-fold2` (`operators/heatmaps/heatmap-data.ts`).
 */
export function heatmapFiles(directory: string): readonly HeatmapFile[] {
  const home = join(directory, 'heatmaps');
  const modalities = namesIn(home);
  if (modalities.length === 0) return [];
  const { config } = new RunDirectory(dirname(directory), basename(directory)).info();
  const form = fixedTest.safeParse(config).success
    ? /^(?<patient>.*)-fold(?<fold>\d+)\.(?:csv|png)$/s
    : /^(?<patient>.*)\.(?:csv|png)$/s;
  return modalities.flatMap((modality) =>
    namesIn(join(home, modality)).flatMap((file) => {
      const { patient, fold } = form.exec(file)?.groups ?? {};
      if (patient === undefined) return [];
      const path = join(home, modality, file);
      return [{ modality, file, path, patient, fold: fold === undefined ? null : Number(fold) }];
    }),
  );
}
