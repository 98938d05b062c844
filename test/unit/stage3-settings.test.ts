import { describe, expect, it } from 'vitest';
import type { Config, ConfigInput } from '../../src/pipeline/config/schema.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import { readSafetensors } from '../../src/operators/tensor/safetensors.js';
import { frozenEmbeddings } from '../support/frozen-embeddings.js';
import { miniConfig } from '../support/mini-cohort.js';
import { runStage } from '../support/run-stage.js';

const inputs = frozenEmbeddings(60);
const usual = {
  fusion: { hidden: 16, dropout: 0.2 },
  single: { hidden: 16, dropout: 0.2 },
} satisfies Partial<ConfigInput>;

async function weightsOf(method: string, changes: Partial<ConfigInput> = {}): Promise<Uint8Array> {
  const train = { ...miniConfig.train, epochs: 2 };
  const config = { ...miniConfig, ...usual, ...changes, train };
  const { output } = await runStage(stage3, { config, unit: { fold: 0, method }, inputs });
  return output.files['weights.safetensors'] as Uint8Array;
}

// The type requires every key. So a key that is added to the schema needs a value here.
const fusion: { readonly [K in keyof Config['fusion']]: Config['fusion'][K] } = {
  projection: 12,
  hidden: 12,
  activation: 'none',
  logits: 2,
  dropout: 0.5,
  lambdaMoFe: 5,
  mofeStopGradReduced: true,
  ensemble: 2,
};
const single: { readonly [K in keyof Config['single']]: Config['single'][K] } = {
  hidden: 12,
  activation: 'none',
  dropout: 0.5,
  logits: 2,
};
/** Settings that only some methods use in training, and these methods. */
const readers: Readonly<Record<string, readonly string[]>> = {
  projection: ['drop', 'all_mlp'],
  lambdaMoFe: ['haf', 'drop'],
  mofeStopGradReduced: ['haf', 'drop'],
};

describe.each(['haf', 'drop', 'ga', 'all_mlp'])('the weights of %s', (method) => {
  it.each(Object.entries(fusion))('follow fusion.%s if they learn by it', async (key, value) => {
    const changed = await weightsOf(method, { fusion: { ...usual.fusion, [key]: value } });
    const uses = readers[key]?.includes(method) ?? true;
    expect(Buffer.compare(changed, await weightsOf(method)) !== 0).toBe(uses);
  });

  it('hold linear maps only where no alignment came before', async () => {
    const names = Object.keys(readSafetensors(await weightsOf(method)));
    const maps = names.filter((name) => name.startsWith('projection.') && name.endsWith('.weight'));
    const aligned = method === 'haf' || method === 'ga';
    expect(maps).toEqual(aligned ? [] : ['TMA', 'Clin', 'Blood'].map((m) => `projection.${m}.weight`));
  });
});

describe('the weights of a single-table network', () => {
  it.each(Object.entries(single))('follow single.%s', async (key, value) => {
    const changed = await weightsOf('blood', { single: { ...usual.single, [key]: value } });
    expect(changed).not.toEqual(await weightsOf('blood'));
  });

  it('do not follow the settings of the fusion network', async () => {
    expect(await weightsOf('blood', { fusion })).toEqual(await weightsOf('blood'));
  });
});
