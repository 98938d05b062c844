import { extname } from 'node:path';

/** The description of a file in a run directory. */
export interface FileKind {
  readonly description: string;
  /** Media type. */
  readonly encodingFormat: string;
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.geojson': 'application/geo+json',
  '.h5': 'application/x-hdf5',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.ndjson': 'application/x-ndjson',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.tex': 'application/x-tex',
  '.yaml': 'application/yaml',
};

/**
 * Patterns of paths with descriptions. The first pattern that matches a path describes the file
 * (docs/architecture.md, "Run directory").
 */
const descriptions: readonly (readonly [pattern: RegExp, description: string])[] = [
  [/^report\.html$/, 'Report of the run: results, figures, cohort and methods'],
  [/^summary\.json$/, 'Result table with its statistics, for programs'],
  [/^summary\./, 'Result table: test metrics of each method'],
  [/^comparisons\./, 'Differences between the reference method and the others, with intervals and p values'],
  [/^robustness\.csv$/, 'Test metrics with modalities hidden'],
  [/^subgroups\.csv$/, 'Test metrics of groups of patients'],
  [/^predictions\.csv$/, 'Test predictions of all methods'],
  [/^characteristics\.csv$/, 'Characteristics of the cohort by outcome, with missing cells'],
  [/^cohort-flow\.json$/, 'Numbers of patients after each rule of the cohort'],
  [/^splits\.json$/, 'Training, validation and test patients of every fold'],
  [/^config\.resolved\.yaml$/, 'The experiment: every setting with its value'],
  [/^run\.json$/, 'Name, version, state and dates of the run, and its settings'],
  [/^plan\.json$/, 'Recipes of all jobs of the run'],
  [/^(events|log)\.ndjson$/, 'Log of the run'],
  [/^trace\.csv$/, 'Times, memory and worker of each job'],
  [/^problems\.csv$/, 'Patients, files and rows that were left out, with the reason'],
  [/^files\.csv$/, 'What each file of the data folder was used for'],
  [/^joins\.csv$/, 'How the ids of each modality matched the outcome table'],
  [/^columns\.csv$/, 'Kind of each column of the tables'],
  [/^tiles\.csv$/, 'Tiling of each image'],
  [/^tripod-ai\./, 'TRIPOD+AI checklist, filled in from the data of the run, with gaps marked'],
  [/^remark\./, 'REMARK checklist, filled in from the data of the run, with gaps marked'],
  [/^figures\/.*\.svg$/, 'Figure of the report'],
  [/^figures\/.*\.csv$/, 'Numbers of a figure of the report'],
  [/^folds\/\d+\/[^/]+\/predictions\.csv$/, 'Predictions of one fold and method'],
  [/^folds\/\d+\/[^/]+\/calibrated\.csv$/, 'Calibrated predictions of one fold and method'],
  [/^folds\/\d+\/[^/]+\/calibration\.json$/, 'Calibration of one fold and method'],
  [/^folds\/\d+\/[^/]+\/metrics\.json$/, 'Metrics of one fold and method'],
  [/^folds\/\d+\/[^/]+\/history\.csv$/, 'Training history of one job'],
  [/^heatmaps\/.*\.geojson$/, 'Attention over the tiles of one image, for QuPath'],
  [/^heatmaps\//, 'Attention over the instances of one patient'],
  [/^tiles\//, 'Tissue and tiles of one image'],
];

/** The description and the media type of a file, by its path relative to the run directory. */
export const describeFile = (path: string): FileKind => ({
  description: descriptions.find(([pattern]) => pattern.test(path))?.[1] ?? 'File of the run',
  encodingFormat: mediaTypes[extname(path).toLowerCase()] ?? 'application/octet-stream',
});
