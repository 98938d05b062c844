import type { Config } from '../../src/pipeline/config/schema.js';
import type { Job } from '../../src/pipeline/bus/job.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import type { DataFiles } from '../../src/pipeline/sources/find-sources.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import type { Work } from '../../src/workers/work.js';
import { resolvedConfig, type Changes } from './resolved-config.js';

/** A resolved experiment of two folds with the given changes. */
export const testConfig = (changes: Changes = {}): Config =>
  resolvedConfig({
    modalities: ['TMA', 'Clin', 'Blood'],
    cv: { folds: 2 },
    methods: ['haf', 'all_mlp', 'blood'],
    ...changes,
  });

const source = (role: string, name: string, content = name): SourceFile => ({
  role,
  name,
  path: `/nowhere/${name}`,
  sha256: sha256(content),
});

/** File information for a cohort that does not exist on disk. `changed` names one file that gets other content. */
export const testFiles = (changed?: string): DataFiles => {
  const at = (role: string, name: string): SourceFile =>
    source(role, name, name === changed ? 'other' : name);
  return {
    outcome: [at('outcome', 'targets.csv')],
    tables: [
      { modality: 'Clin', sources: [at('table', 'clinical.csv')] },
      { modality: 'Blood', sources: [at('table', 'blood.csv')] },
    ],
    splits: [],
    encoder: [],
    unreadable: [],
    bags: ['tma/CD3.npz', 'tma/HE.npz'].map((file) => ({
      modality: 'TMA',
      kind: 'features',
      unit: { modality: 'TMA', file },
      sources: [at('features', file)],
    })),
  };
};

/** A job of the queue. Jobs with equal names make the same artifact. */
export const testJob = (name: string, changes: Partial<Job> = {}): Job => ({
  v: 1,
  run: 'run-1',
  key: name,
  artifact: sha256(name),
  stage: 'stage3',
  unit: { fold: 0, method: 'haf' },
  class: 'gpu',
  sources: [],
  replace: false,
  store: '/nowhere',
  codeVersion: '0',
  ...changes,
});

/** A job with all that is needed to compute it. */
export const testWork = (name: string, changes: Partial<Work> = {}): Work => ({
  ...{ ...testJob(name), config: {}, inputs: [], root: '/nowhere' },
  ...changes,
});
