/** The stages, in data-flow order (docs/architecture.md). */
export const stageNames = [
  'tile',
  'embed',
  'outcome',
  'tables',
  'bags',
  'cohort',
  'split',
  'preprocess',
  'stage1',
  'stage2',
  'stage3',
  'joint',
  'latent',
  'heatmap',
  'evaluate',
  'aggregate',
  'report',
  'bundle',
] as const;
export type StageName = (typeof stageNames)[number];
