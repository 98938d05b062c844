import { partOf, type ParameterLayout } from '../parameters.js';
import type { NativeRuntime } from './native.js';
import type { OnnxSession, OnnxTensor, OnnxTensors } from './runtime.js';

/** Views of the arrays of a model, or of its gradient, in the flat array. `ending` is added to their names. */
export const modelTensors = (
  native: NativeRuntime,
  layout: ParameterLayout,
  values: Float32Array,
  ending = '',
): OnnxTensors =>
  Object.fromEntries(
    layout.entries.map(({ name, shape }) => [
      `${name}${ending}`,
      native.tensor(partOf(layout, values, name), shape),
    ]),
  );

/** Runs a session. Of the given feeds, only those that the session has as inputs are used. */
export const runOn = (
  session: OnnxSession,
  feeds: OnnxTensors,
  fetches?: OnnxTensors,
): Promise<OnnxTensors> =>
  session.run(
    Object.fromEntries(session.inputNames.map((name) => [name, feeds[name] as OnnxTensor])),
    ...(fetches ? [fetches] : []),
  );

/**
 * Runs a backward graph (`layers.ts`) and adds the gradients that it computes, for some or all arrays of a model, to
 * `into`. `into` is a flat array in the layout of the model. Returns all results of the graph.
 */
export async function addGradientsOf(
  native: NativeRuntime,
  session: OnnxSession,
  feeds: OnnxTensors,
  layout: ParameterLayout,
  into: Float32Array,
): Promise<OnnxTensors> {
  const results = await runOn(session, { ...feeds, ...modelTensors(native, layout, into, '.sum') });
  for (const { name, offset } of layout.entries) {
    const sum = results[`${name}.gradient`];
    if (sum !== undefined) into.set(sum.data as Float32Array, offset);
  }
  return results;
}
