import type { NativeRuntime } from '../tensor/onnx/native.js';
import type { OnnxSession, OnnxTensor, OnnxTensors } from '../tensor/onnx/runtime.js';
import { addGradientsOf, modelTensors, runOn } from '../tensor/onnx/run-graph.js';
import { Scratch } from '../tensor/scratch.js';
import { encoderGraphs } from './encoder-graphs.js';
import type { EncoderPasses, RowsPass, RowsUpstream } from './encoder-passes.js';
import type { BagEncoder } from './bag-encoder.js';
import { headClasses } from './instance-loss.js';
import { blocksOf, onHost, rowsOf, type EncoderMasks, type PackedBags } from './packed-bags.js';

/**
 * Number of rows per call of an ONNX graph. The results of so many rows stay in the processor's cache, whatever the
 * size of the bag.
 */
const blockRows = 1024;

interface Sessions {
  readonly forward: OnnxSession;
  readonly backward: OnnxSession;
}

/**
 * The forward and backward passes of an encoder, computed by ONNX graphs. The graphs read rows, masks and parameters in
 * place, without a copy.
 */
export class NativePasses implements EncoderPasses {
  constructor(
    private readonly native: NativeRuntime,
    private readonly encoder: BagEncoder,
    readonly parameters: Float32Array,
    private readonly scratch = new Scratch(),
  ) {}

  async forward(pack: PackedBags, masks: EncoderMasks | null): Promise<RowsPass> {
    const sessions = await this.sessions(masks);
    const rows = new PackRows(this.native, this.encoder, pack, masks, this.scratch);
    const weights = modelTensors(this.native, this.encoder.layout, this.parameters);
    for (const [from, to] of rows.blocks()) {
      const block = { ...rows.inputs(from, to), ...weights };
      await runOn(sessions.forward, block, rows.passed(from, to));
    }
    return {
      scores: rows.arrays.scores,
      heads: rows.arrays.heads,
      pool: (attention) => Promise.resolve(pooledRows(rows.arrays.embedded, attention, pack)),
      backward: async (upstream, gradient) => {
        const given = this.upstream(upstream, pack);
        // The backward pass starts with the last block, because its results of the forward pass are still in the
        // processor's cache.
        for (const [from, to] of rows.blocks().toReversed()) {
          const block = {
            ...rows.inputs(from, to),
            ...rows.passed(from, to),
            ...weights,
            ...given(from, to),
          };
          await addGradientsOf(this.native, sessions.backward, block, this.encoder.layout, gradient);
        }
      },
      dispose: () => undefined,
    };
  }

  dispose(): void {
    // Nothing to free: the garbage collector frees the arrays, and the sessions live as long as the process.
  }

  private async sessions(masks: EncoderMasks | null): Promise<Sessions> {
    const read = { embed: masks?.embed != null, gates: masks?.tanh != null };
    const name = `encoder/${this.encoder.activation}/${read.embed ? 'embed' : '-'}/${read.gates ? 'gates' : '-'}`;
    const graphs = (): ReturnType<typeof encoderGraphs> => encoderGraphs(this.encoder, read);
    const [forward, backward] = await Promise.all([
      this.native.session(`${name}/forward`, () => graphs().forward),
      this.native.session(`${name}/backward`, () => graphs().backward),
    ]);
    return { forward, backward };
  }

  /** Inputs of the backward graph for a block, besides rows and weights. */
  private upstream(
    { attention, pooled, dPooled, dHeads }: RowsUpstream,
    { offsets, targets }: PackedBags,
  ): (from: number, to: number) => OnnxTensors {
    const { hidden } = this.encoder;
    const perRow = 2 * headClasses(this.encoder).length;
    const bag = new Int32Array(attention.length);
    targets.forEach((_, at) => bag.fill(at, offsets[at], offsets[at + 1]));
    const tensor = (values: Float32Array | Int32Array, dims: readonly number[]): OnnxTensor =>
      this.native.tensor(values, dims);
    return (from, to) => ({
      bag: tensor(bag.subarray(from, to), [to - from]),
      attention: tensor(attention.subarray(from, to), [to - from, 1]),
      pooled: tensor(pooled, [targets.length, hidden]),
      'pooled.gradient': tensor(dPooled, [targets.length, hidden]),
      'heads.gradient': tensor(dHeads.subarray(from * perRow, to * perRow), [to - from, perRow]),
    });
  }
}

/** The rows of a pack, its masks and the results of the forward pass, in blocks. */
class PackRows {
  /** Results of the forward pass, each with R rows. */
  readonly arrays: Readonly<Record<'embedded' | 'tanh' | 'sigmoid' | 'scores' | 'heads', Float32Array>>;
  private readonly count: number;

  constructor(
    private readonly native: NativeRuntime,
    private readonly encoder: BagEncoder,
    private readonly pack: PackedBags,
    private readonly masks: EncoderMasks | null,
    scratch: Scratch,
  ) {
    this.count = rowsOf(pack);
    const { hidden, attention } = encoder;
    const perRow = (name: string, width: number): Float32Array => scratch.floats(name, this.count * width);
    this.arrays = {
      embedded: perRow('embedded', hidden),
      tanh: perRow('tanh', attention),
      sigmoid: perRow('sigmoid', attention),
      scores: perRow('scores', 1),
      heads: perRow('heads', 2 * headClasses(encoder).length),
    };
  }

  blocks(): ReturnType<typeof blocksOf> {
    return blocksOf(this.count, blockRows);
  }

  /** The instances and dropout masks of one block of rows, as inputs of the ONNX graphs. */
  inputs(from: number, to: number): OnnxTensors {
    const { masks, pack } = this;
    const given = {
      H: onHost(pack.rows).subarray(0, this.count * pack.width),
      'mask.embed': masks?.embed,
      'mask.tanh': masks?.tanh,
      'mask.sigmoid': masks?.sigmoid,
    };
    return Object.fromEntries(
      Object.entries(given).flatMap(([name, values]) =>
        values ? [[name, this.part(values, from, to)]] : [],
      ),
    );
  }

  /** The results of the forward pass for a block of rows: from row `from` up to row `to` (exclusive). */
  passed(from: number, to: number): OnnxTensors {
    return Object.fromEntries(
      Object.entries(this.arrays).map(([name, values]) => [name, this.part(values, from, to)]),
    );
  }

  private part(values: Float32Array, from: number, to: number): OnnxTensor {
    const width = values.length / this.count;
    return this.native.tensor(values.subarray(from * width, to * width), [to - from, width]);
  }
}

/**
 * The pooled vector `p = sum_r a_r x_r` of each bag, in float64: a_r is the attention of row r, x_r its embedded
 * vector.
 */
function pooledRows(
  embedded: Float32Array,
  attention: Float32Array,
  { offsets, targets }: PackedBags,
): Float32Array {
  const width = embedded.length / attention.length;
  const pooled = new Float32Array(targets.length * width);
  const sums = new Float64Array(width);
  targets.forEach((_, bag) => {
    sums.fill(0);
    for (let row = offsets[bag] as number; row < (offsets[bag + 1] as number); row++) {
      const share = attention[row] as number;
      for (let j = 0; j < width; j++)
        sums[j] = (sums[j] as number) + share * (embedded[row * width + j] as number);
    }
    pooled.set(sums, bag * width);
  });
  return pooled;
}
