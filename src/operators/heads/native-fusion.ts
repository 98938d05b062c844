import { gatherRows } from '../embeddings/modality-inputs.js';
import type { NativeRuntime } from '../tensor/onnx/native.js';
import { addGradientsOf, modelTensors, runOn } from '../tensor/onnx/run-graph.js';
import { fusionBackGraph, fusionGraph, vectorsName } from './fusion-graphs.js';
import { mapNames, openSlots, type FusionNet } from './fusion-net.js';
import type { FusionGroup, FusionPass } from './fusion-pass.js';

/** A forward pass of the fusion network, computed by ONNX graphs. */
export async function nativeFusionPass(
  native: NativeRuntime,
  net: FusionNet,
  parameters: Float32Array,
  { inputs, patients, masks, dropout }: FusionGroup,
): Promise<FusionPass> {
  const { mlp, layout, slots } = net;
  const rows = patients.length * masks.length;
  const vectors = Object.fromEntries(
    inputs.map((input, m) => [
      vectorsName(net, m),
      native.tensor(gatherRows(input, patients), [patients.length, input.width]),
    ]),
  );
  const feeds = {
    ...vectors,
    ...modelTensors(native, layout, parameters),
    open: native.tensor(openSlots(slots, masks), [rows, mlp.inputs]),
    ...(dropout && { dropout: native.tensor(dropout, [rows, mlp.hidden]) }),
  };
  const options = { passes: masks.length, dropout: dropout !== null };
  const kind = `fusion/${JSON.stringify([net.inputs.map(({ modality }) => modality), mapNames(net), slots, mlp, options])}`;
  const forward = await native.session(`${kind}/forward`, () => fusionGraph(net, options));
  const { outputs, ...hidden } = await runOn(forward, feeds);
  return {
    outputs: outputs?.data as Float32Array,
    backward: async (dOutputs, into, vectorsWanted) => {
      const backward = await native.session(`${kind}/backward/${vectorsWanted}`, () =>
        fusionBackGraph(net, options, vectorsWanted),
      );
      const upstream = { 'outputs.gradient': native.tensor(dOutputs, [rows, mlp.outputs]) };
      const given = { ...feeds, ...hidden, ...upstream };
      const results = await addGradientsOf(native, backward, given, layout, into);
      return vectorsWanted
        ? inputs.map((_, m) => results[`${vectorsName(net, m)}.gradient`]?.data as Float32Array)
        : null;
    },
    dispose: () => undefined,
  };
}
