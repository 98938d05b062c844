import type { Config } from '../../pipeline/config/schema.js';
import { nativeProducts } from '../tensor/backend.js';
import { mlpSpecs, type Mlp } from '../tensor/mlp.js';
import { layoutOf, type ParameterLayout } from '../tensor/parameters.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import { nativeProjectionPass } from './native-projection.js';
import { tensorProjectionPass } from './tensor-projection.js';

/**
 * The maps phi of all modalities into the shared latent space (eq. 4 of the paper, method.md 5.1). They share no
 * weights.
 */
export interface Projection {
  readonly inputs: readonly ModalityInput[];
  /** One network for each of `inputs`, in the same order. */
  readonly maps: readonly Mlp[];
  /** D */
  readonly width: number;
  readonly layout: ParameterLayout;
}

export function projectionOf(align: Config['align'], inputs: readonly ModalityInput[]): Projection {
  const maps = inputs.map(({ modality, width }) => ({
    name: `phi.${modality}`,
    modality,
    inputs: width,
    hidden: align.hidden,
    outputs: align.width,
    activation: align.activation,
  }));
  return { inputs, maps, width: align.width, layout: layoutOf(maps.flatMap((map) => mlpSpecs(map))) };
}

/** A forward pass of the maps that can be followed by a backward pass. Dispose it afterwards. */
export interface ProjectionPass {
  /** The latent vectors of B patients in M modalities, [B, M, D]. */
  readonly u: Float32Array;
  /**
   * Backward pass for the gradient of a loss with respect to u. Adds the gradient of the parameters to `into`, and the
   * gradient of the vectors of modality m to `targets[m]` [B, d_m] unless this is null.
   */
  backward(du: Float64Array, into: Float32Array, targets: readonly (Float32Array | null)[]): Promise<void>;
  dispose(): void;
}

/** Runs the forward pass of the maps over patients, on the loaded backend. */
export function projectionPass(
  projection: Projection,
  parameters: Float32Array,
  patients: readonly number[],
): Promise<ProjectionPass> {
  const native = nativeProducts();
  return native === null
    ? tensorProjectionPass(projection, parameters, patients)
    : nativeProjectionPass(native, projection, parameters, patients);
}

/**
 * Projects patients: u [B, M, D]. If `learning` is given, its `gradientOf` is called with u and must return the
 * gradient of a loss with respect to u; `into` and `inputs` receive what `ProjectionPass.backward` adds. For an absent
 * modality, u contains phi of a zero vector, and the gradient of this part of u must be zero.
 */
export async function project(
  projection: Projection,
  parameters: Float32Array,
  patients: readonly number[],
  learning: {
    readonly gradientOf: (u: Float32Array) => Float64Array | Promise<Float64Array>;
    readonly into: Float32Array;
    readonly inputs?: readonly (Float32Array | null)[];
  } | null = null,
): Promise<Float32Array> {
  const pass = await projectionPass(projection, parameters, patients);
  try {
    if (learning !== null)
      await pass.backward(await learning.gradientOf(pass.u), learning.into, learning.inputs ?? []);
    return pass.u;
  } finally {
    pass.dispose();
  }
}
