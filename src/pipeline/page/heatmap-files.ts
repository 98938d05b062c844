import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { RunDirectory } from '../runs/run-directory.js';
import { namesIn } from './run-files.js';

/** A heatmap picture or attention table in a run directory. */
export interface HeatmapFile {
  readonly modality: string;
  readonly file: string;
  readonly path: string;
  readonly patient: string;
  /**
   * The fold of the heatmap, if all folds test the same patients. Null for runs in which each fold has other test
   * patients.
   */
  readonly fold: number | null;
}

const fixedTest = z.object({ cv: z.object({ mode: z.literal('fixedTest') }) });

/**
 * The heatmaps of a run. If the test set is fixed, every fold tests the same patients, and the file name ends with the
 * fold. In other runs the file name is only the patient's id, which may itself look like `P1-fold2`
 * (`operators/heatmaps/heatmap-data.ts`).
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
