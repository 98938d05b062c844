import type { NativeRuntime } from '../tensor/onnx/native.js';
import { addGradientsOf, modelTensors, runOn } from '../tensor/onnx/run-graph.js';
import { addTo } from '../tensor/add-to.js';
import type { Mlp } from '../tensor/mlp.js';
import { gatherRows, type ModalityInput } from '../embeddings/modality-inputs.js';
import { projectionBackGraph, projectionGraph, mapVectors } from './projection-graphs.js';
import type { Projection, ProjectionPass } from './projection.js';

/**
 * The forward and backward pass of the maps phi, like `projectionPass`, but computed by ONNX graphs. Each graph
 * computes the maps of all modalities.
 */
export async function nativeProjectionPass(
  native: NativeRuntime,
  projection: Projection,
  parameters: Float32Array,
  patients: readonly number[],
): Promise<ProjectionPass> {
  const { inputs, maps, width, layout } = projection;
  const vectors = Object.fromEntries(
    maps.map((map, m) => {
      const input = inputs[m] as ModalityInput;
      return [mapVectors(map), native.tensor(gatherRows(input, patients), [patients.length, input.width])];
    }),
  );
  const feeds = { ...vectors, ...modelTensors(native, layout, parameters) };
  const kind = `projection/${maps.map(describe).join()}`;
  const forward = await native.session(`${kind}/forward`, () => projectionGraph(maps));
  const { u, ...hidden } = await runOn(forward, feeds);
  return {
    u: u?.data as Float32Array,
    backward: async (du, into, targets) => {
      const wanted = maps.map((_, m) => targets[m] != null);
      const backward = await native.session(`${kind}/backward/${wanted.join()}`, () =>
        projectionBackGraph(maps, wanted),
      );
      const upstream = native.tensor(Float32Array.from(du), [patients.length, maps.length, width]);
      const given = { ...feeds, ...hidden, 'u.gradient': upstream };
      const results = await addGradientsOf(native, backward, given, layout, into);
      maps.forEach((map, m) => {
        const target = targets[m] ?? null;
        if (target !== null) addTo(target, results[`${mapVectors(map)}.gradient`]?.data as Float32Array);
      });
    },
    dispose: () => undefined,
  };
}

/**
 * Two maps with the same description have the same graph. The graph contains no sizes: the arrays bring their sizes
 * when it runs.
 */
const describe = ({ name, activation }: Mlp): string => `${name}:${activation}`;
