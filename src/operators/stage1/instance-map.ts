import * as tf from '@tensorflow/tfjs-core';
import { nativeProducts } from '../tensor/backend.js';
import { columnSums } from '../tensor/dense.js';
import { OnnxGraph } from '../tensor/onnx/graph-builder.js';
import { addLayerGradient, denseEdge, layerInputs } from '../tensor/onnx/layers.js';
import type { NativeRuntime } from '../tensor/onnx/native.js';
import { addGradientsOf } from '../tensor/onnx/run-graph.js';
import { layoutOf, linearSpecs, partOf } from '../tensor/parameters.js';
import { InputRows } from './input-rows.js';
import { blocksOf, onHost, rowsOf, type PackedBags } from './packed-bags.js';

/** A linear map of instances, or its gradient: weight [width, columns] and bias [columns], flat. */
export interface LinearMap {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Number of rows per matrix product of onnxruntime. */
const blockRows = 4096;

/** `H w + b` for the instances H [R, width] of a pack, [R, columns], on the loaded backend. */
export async function mapInstances(pack: PackedBags, map: LinearMap): Promise<Float32Array> {
  const columns = map.bias.length;
  const native = nativeProducts();
  if (native !== null) return nativeMap(native, pack, map);
  const input = new InputRows(pack);
  const mapped = tf.tidy(() =>
    tf.add(input.times(tf.tensor2d(map.weight, [pack.width, columns])), tf.tensor1d(map.bias)),
  );
  const values = await mapped.data<'float32'>();
  mapped.dispose();
  input.dispose();
  return values;
}

/**
 * The gradients with respect to weight and bias of the map, given the gradient `d` [R, columns] with respect to its
 * result.
 */
export async function mapGradient(pack: PackedBags, d: Float32Array): Promise<LinearMap> {
  const native = nativeProducts();
  if (native !== null) return nativeGradient(native, pack, d);
  const input = new InputRows(pack);
  const [weight, bias] = tf.tidy(() => {
    const upstream = tf.tensor2d(d, [rowsOf(pack), d.length / rowsOf(pack)]);
    return [input.transposedTimes(upstream), columnSums(upstream)] as const;
  });
  const [ofWeight, ofBias] = await Promise.all([weight.data<'float32'>(), bias.data<'float32'>()]);
  tf.dispose([weight, bias]);
  input.dispose();
  return { weight: ofWeight, bias: ofBias };
}

/** Name of the map's layer in the ONNX graph. */
const layer = 'map';

async function nativeMap(
  native: NativeRuntime,
  pack: PackedBags,
  { weight, bias }: LinearMap,
): Promise<Float32Array> {
  const columns = bias.length;
  const session = await native.session('instance-map', () => {
    const graph = new OnnxGraph();
    graph.output('mapped', 'Identity', [denseEdge(graph, graph.input('H'), layerInputs(graph, layer))]);
    return graph.toBytes();
  });
  const mapped = new Float32Array(rowsOf(pack) * columns);
  for (const [from, to] of blocksOf(rowsOf(pack), blockRows)) {
    const feeds = {
      H: native.rows(onHost(pack.rows), from, to, pack.width),
      [`${layer}.weight`]: native.tensor(weight, [pack.width, columns]),
      [`${layer}.bias`]: native.tensor(bias, [columns]),
    };
    await session.run(feeds, { mapped: native.rows(mapped, from, to, columns) });
  }
  return mapped;
}

async function nativeGradient(native: NativeRuntime, pack: PackedBags, d: Float32Array): Promise<LinearMap> {
  const columns = d.length / rowsOf(pack);
  const session = await native.session('instance-map/gradient', () => {
    const graph = new OnnxGraph();
    addLayerGradient(graph, layer, graph.input('H'), graph.input('d'));
    return graph.toBytes();
  });
  const layout = layoutOf(linearSpecs(layer, pack.width, columns));
  const gradient = new Float32Array(layout.size);
  for (const [from, to] of blocksOf(rowsOf(pack), blockRows)) {
    const feeds = {
      H: native.rows(onHost(pack.rows), from, to, pack.width),
      d: native.rows(d, from, to, columns),
    };
    await addGradientsOf(native, session, feeds, layout, gradient);
  }
  const part = (name: keyof LinearMap): Float32Array => partOf(layout, gradient, `${layer}.${name}`);
  return { weight: part('weight'), bias: part('bias') };
}
