import { outputs } from '../support/judged.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/pipeline/config/schema.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { fusionNetOf } from '../../src/operators/heads/fusion-net.js';
import { fusionPass, type FusionPass } from '../../src/operators/heads/fusion-pass.js';
import { tensorFusionPass } from '../../src/operators/heads/tensor-fusion.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import { projectionOf, projectionPass, type ProjectionPass } from '../../src/operators/stage2/projection.js';
import { tensorProjectionPass } from '../../src/operators/stage2/tensor-projection.js';
import { nativeProducts } from '../../src/operators/tensor/backend.js';
import { fillDropout } from '../../src/operators/tensor/dropout.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import { useBackend } from '../support/numeric-backends.js';

const normals = (count: number, purpose: string): Float32Array => {
  const stream = rng(9, purpose);
  return Float32Array.from({ length: count }, () => stream.normal());
};

const count = 40;
const inputsOf = (widths: Readonly<Record<ModalityId, number>>): readonly ModalityInput[] =>
  Object.entries(widths).map(([modality, width], m) => ({
    modality,
    kind: modality === 'WSI' ? 'bag' : 'table',
    width,
    values: normals(count * width, modality),
    observed: Uint8Array.from({ length: count }, (_, i) => ((i + m) % 4 === 0 ? 0 : 1)),
  }));
const inputs = inputsOf({ WSI: 24, Clin: 7, Blood: 16 });
const patients = [3, 0, 39, 3, 17, 20, 21, 22, 8];

/** Expects each element to differ by less than 1e-5 of the largest element. */
const close = (actual: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void => {
  expect(actual.length, what).toBe(wanted.length);
  const most = Array.from(wanted).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  expect(most, what).toBeGreaterThan(0);
  const worst = Array.from(actual).reduce(
    (max, value, i) => Math.max(max, Math.abs(value - (wanted[i] as number))),
    0,
  );
  expect(worst, what).toBeLessThan(1e-5 * most);
};

beforeAll(async () => {
  await useBackend('onnx');
  expect(nativeProducts()).not.toBeNull();
});

describe('the fusion network by native products', () => {
  it.each([
    ['HAF: frozen vectors, two passes', null, 2, 0, 'relu', 1],
    ['maps of its own, two passes, dropout', 12, 2, 0.25, 'relu', 1],
    ['one pass, dropout, two logits', null, 1, 0.5, 'relu', 2],
    ['maps, one pass, no activation, dropout', 5, 1, 0.25, 'none', 2],
  ] as const)('%s: what tensors give', async (_, to, passes, rate, activation, logits) => {
    const shape = { hidden: 10, activation, dropout: rate, output: outputs(logits) };
    // One input has no map, while the others have one.
    const net = fusionNetOf({ inputs, projected: inputs.map((__, m) => (m === 1 ? null : to)), ...shape });
    const parameters = initialParameters(net.layout, rng(9, 'init')).map((value) => 2 * value);
    const rows = passes * patients.length;
    const open = (purpose: string): Uint8Array =>
      Uint8Array.from(normals(patients.length * inputs.length, purpose), (value) => (value > -0.7 ? 1 : 0));
    const group = {
      inputs,
      patients,
      masks: ['full', 'left'].slice(0, passes).map(open),
      dropout: rate === 0 ? null : fillDropout(new Float32Array(rows * 10), rate, rng(9, 'mask')),
    };
    const found = async (pass: FusionPass, vectorsWanted: boolean) => {
      // `backward` must add gradients to the values that `into` already has.
      const into = new Float32Array(net.layout.size).fill(0.5);
      const vectors = await pass.backward(normals(rows * logits, 'd'), into, vectorsWanted);
      pass.dispose();
      return { outputs: pass.outputs, into, vectors };
    };
    for (const vectorsWanted of [true, false]) {
      const native = await found(await fusionPass(net, parameters, group), vectorsWanted);
      const tensors = await found(await tensorFusionPass(net, parameters, group), vectorsWanted);
      close(native.outputs, tensors.outputs, 'outputs');
      close(native.into, tensors.into, 'parameters');
      expect(native.vectors?.length).toBe(tensors.vectors?.length);
      native.vectors?.forEach((own, m) => close(own, tensors.vectors?.[m] as Float32Array, `vectors ${m}`));
    }
  });
});

describe('the maps phi by native products', () => {
  it.each(['relu', 'none'] as const)('with %s: what tensors give', async (activation) => {
    const align = { ...configSchema.parse({ name: 'test' }).align, hidden: 11, width: 13, activation };
    const projection = projectionOf(align, inputs);
    const parameters = initialParameters(projection.layout, rng(9, 'phi')).map((value) => 2 * value);
    const du = Float64Array.from(normals(patients.length * inputs.length * align.width, 'du'));
    const found = async (pass: ProjectionPass) => {
      const into = new Float32Array(projection.layout.size).fill(0.5);
      // The gradient of the second input is not requested.
      const targets = inputs.map(({ width }, m) =>
        m === 1 ? null : new Float32Array(patients.length * width).fill(0.25),
      );
      await pass.backward(du, into, targets);
      pass.dispose();
      return { u: pass.u, into, targets };
    };
    const native = await found(await projectionPass(projection, parameters, patients));
    const tensors = await found(await tensorProjectionPass(projection, parameters, patients));
    close(native.u, tensors.u, 'u');
    close(native.into, tensors.into, 'parameters');
    native.targets.forEach((own, m) => {
      if (own !== null) close(own, tensors.targets[m] as Float32Array, `vectors ${m}`);
    });
  });
});
