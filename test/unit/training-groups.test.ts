import { expect, it } from 'vitest';
import { trainingGroups } from '../../src/operators/report/training-groups.js';
import type { Artifact, Inputs, StageName, Unit } from '../../src/pipeline/stage.js';

/** Training jobs whose histories contain only the backend. */
const trained = (units: readonly Unit[]): readonly Artifact[] =>
  units.map((unit) => ({
    id: 'artifact',
    unit,
    json: (_, schema) =>
      schema.parse({
        epochs: [],
        bestEpoch: 1,
        monitor: 'valAuc',
        stopped: 'epochs',
        warnings: [],
        skippedSteps: 0,
        backend: 'wasm',
      }),
    bytes: () => new Uint8Array(),
    wait: (read) => read,
    path: () => '',
  }));

const inputsOf = (units: Partial<Record<StageName, readonly Unit[]>>): Inputs => ({
  all: (role) => trained(units[role] ?? []),
  one: () => {
    throw new Error('not asked for');
  },
});
const titles = (inputs: Inputs, methods: readonly string[], schedule: 'staged' | 'joint'): unknown[] =>
  trainingGroups(
    inputs,
    methods.map((method) => ({ method, title: method.toUpperCase() })),
    schedule,
  ).map(({ name, title, folds }) => [name, title, folds.map(({ fold }) => fold)]);

it('tells the encoders, the alignments and the ways of training apart, each by fold', () => {
  const inputs = inputsOf({
    stage1: [
      { fold: 1, modality: 'TMA' },
      { fold: 0, modality: 'TMA' },
      { fold: 0, modality: 'WSI' },
      { fold: 0, union: true },
    ],
    stage2: [
      { fold: 0, alignment: 'clip' },
      { fold: 0, alignment: 'svd' },
    ],
    stage3: [
      { fold: 0, method: 'haf' },
      { fold: 0, method: 'haf_attached' },
      { fold: 0, method: 'wsi_tma_clam' },
      { fold: 0, method: 'blood' },
    ],
  });
  const methods = ['wsi_tma_clam', 'haf', 'blood', 'haf_attached'];
  expect(titles(inputs, methods, 'staged')).toEqual([
    ['stage1-tma', 'Stage 1, TMA', [0, 1]],
    ['stage1-wsi', 'Stage 1, WSI', [0]],
    ['stage1-union', 'Stage 1, union of all bags', [0]],
    ['stage2', 'Stage 2, alignment', [0]],
    ['stage2-clip', 'Stage 2, CLIP', [0]],
    ['stage3-haf', 'Stage 3, HAF', [0]],
    ['stage3-blood', 'Stage 3, BLOOD', [0]],
    ['joint-haf_attached', 'All stages, HAF_ATTACHED', [0]],
  ]);
  expect(titles(inputsOf({ stage3: [{ fold: 0, method: 'haf' }] }), ['haf'], 'joint')).toEqual([
    ['joint-haf', 'All stages, HAF', [0]],
  ]);
});
