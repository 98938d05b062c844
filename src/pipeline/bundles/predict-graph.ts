import type { Config } from '../config/schema.js';
import { inPart } from '../core/part-of.js';
import { addBags, keysOf } from '../bag-jobs.js';
import { adder, jobKey, type Graph, type JobNode } from '../graph-jobs.js';
import type { DataFiles } from '../sources/find-sources.js';
import type { SourceFile } from '../stage.js';

/** The inputs of a prediction. */
export interface PredictFiles {
  readonly bundle: SourceFile;
  /** A table of the patients to predict. Null: all patients that have data. */
  readonly patients: SourceFile | null;
  readonly data: Pick<DataFiles, 'tables' | 'bags' | 'encoder'>;
}

export interface PredictGraphOptions {
  /** Number of parts into which the patients are divided. A job scores one part. */
  readonly parts: number;
  readonly trainedPatients: boolean;
  /** Whether to draw the attention of the models as heatmaps. */
  readonly heatmaps: boolean;
}

/** The files of all tables in the roles `table:<modality>`, for a job that reads several modalities. */
export const tableSources = ({ tables }: Pick<DataFiles, 'tables'>): readonly SourceFile[] =>
  tables.flatMap(({ modality, sources }) =>
    sources.map((source) => ({ ...source, role: `table:${modality}` })),
  );

/**
 * The jobs that predict new patients. Files become bags as in an experiment; then all patients are scored by a
 * bundle, part by part.
 */
export function buildPredictGraph(
  config: Config,
  { bundle, patients, data }: PredictFiles,
  { parts, trainedPatients, heatmaps }: PredictGraphOptions,
): Graph {
  const jobs: JobNode[] = [];
  const add = adder(jobs);
  const { tile, embed } = addBags(add, config, data, { after: [], until: 'embed' });
  const modalities = [...new Set(embed.map(({ modality }) => modality))];
  const bags = modalities.map((modality) => add('bags', { modality }, { embed: keysOf(embed, [modality]) }));
  const tables = tableSources(data);
  const roster = add(
    'roster',
    trainedPatients ? { trainedPatients } : {},
    { bags, embed: keysOf(embed, modalities) },
    { sources: [bundle, ...tables, ...(patients === null ? [] : [patients])] },
  );
  const scored = Array.from({ length: parts }, (_, index) => {
    const part = { index, of: parts };
    // The job of a part reads the files of its patients. A file of several patients is read by the jobs of all parts.
    const own = embed.flatMap(({ key, patient }) =>
      patient === undefined || inPart(patient, part) ? [key] : [],
    );
    return add(
      'predict',
      { ...(parts === 1 ? {} : { part }), ...(heatmaps ? { heatmaps } : {}) },
      { roster: [roster], bags, embed: own },
      { sources: [bundle] },
    );
  });
  if (heatmaps)
    for (const modality of modalities)
      add(
        'heatmap',
        { modality },
        {
          ...{ predict: scored, bags: [jobKey('bags', { modality })] },
          ...{ embed: keysOf(embed, [modality]), tile: keysOf(tile, [modality]) },
        },
      );
  add('predictions', {}, { predict: scored }, { sources: [bundle] });
  return jobs;
}
