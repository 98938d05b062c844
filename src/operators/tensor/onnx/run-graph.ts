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

/** Runs a session with those feeds that it has as inputs. */
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
 * Runs a backward graph (`layers.ts`) that adds the gradients of a model's arrays, of some or all, to `into`, a flat array in its
 * layout. Also returns the other results.
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
