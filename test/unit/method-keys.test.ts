import { describe, expect, it } from 'vitest';
import { methodOf } from '../../src/operators/methods/registry.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import { makePlan } from '../../src/pipeline/plan.js';
import type { ArtifactStore } from '../../src/pipeline/store/store.js';

const methods = [
  ...[
    'haf',
    'ga',
    'drop',
    'all_mlp',
    'ga_mean',
    'ps3',
    'mdlm',
    'mfmf',
    'bilinear',
    'clip',
    'tma_clam',
    'blood',
  ],
  ...['haf_attached', 'all_mlp_attached'],
];
const empty = { manifest: () => Promise.resolve(null) } as unknown as ArtifactStore;

/** Artifact ids of the jobs that train each method in the first fold. */
async function idsWith(set: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { config } = loadConfig({ text: `name: keys\nmethods: [${methods.join(', ')}]`, set });
  const plan = await makePlan(
    buildGraph(config, { outcome: [], tables: [], bags: [], splits: [], encoder: [] } as never),
    config,
    empty,
  );
  return new Map(
    plan.flatMap(({ node, id }) =>
      (node.stage === 'stage3' || node.stage === 'joint') && node.unit.fold === 0
        ? [[node.unit.method ?? '', id] as const]
        : [],
    ),
  );
}

const drops = ['haf', 'drop', 'haf_attached'];
const networks = ['haf', 'ga', 'drop', 'all_mlp', 'clip', 'haf_attached', 'all_mlp_attached'];
const projected = ['drop', 'all_mlp', 'ps3', 'mdlm', 'bilinear', 'all_mlp_attached'];
const fused = methods.filter((id) => methodOf(id).kind === 'fusion' || methodOf(id).kind === 'instances');

describe('a changed key trains again the rows that look at it, and no other', () => {
  it.each([
    ['fusion.lambdaMoFe=0.7', drops],
    ['fusion.mofeStopGradReduced=true', drops],
    ['fusion.hidden=32', networks],
    ['fusion.activation=none', networks],
    ['fusion.dropout=0.3', networks],
    ['fusion.projection=32', projected],
    ['fusion.logits=2', fused],
    ['mdlm.combine=mean', ['mdlm']],
    ['clip.temperature=0.1', ['clip']],
    ['single.hidden=32', ['blood']],
    ['survival.horizons=[1]', []],
  ])('%s', async (set, wanted) => {
    const before = await idsWith([]);
    expect([...before.keys()].sort()).toEqual([...methods].sort());
    const inTime = set.startsWith('survival') ? ['data.outcome.kind=timeToEvent'] : [];
    const base = inTime.length === 0 ? before : await idsWith(inTime);
    const after = await idsWith([...inTime, set]);
    const changed = [...after].filter(([method, id]) => base.get(method) !== id).map(([method]) => method);
    expect(changed.sort()).toEqual([...wanted].sort());
  });
});
