import { slotsOf } from '../../pipeline/config/slots.js';
import type { ModalityId, Slot } from '../../pipeline/core/modality.js';
import type { BundleFold, BundleModality } from '../bundle/bundle-data.js';
import type { FoldParts } from '../bundle/scoring-model.js';
import { under } from '../bundle/under.js';
import { scoringCriterion } from '../bundle/scoring-criterion.js';
import { memberName } from '../heads/ensemble.js';
import type { InputShape } from '../heads/head.js';
import { MlpHead } from '../heads/mlp.js';
import { mapNames } from '../heads/fusion-net.js';
import { slotsReadBy, type FusionMethod, type SingleTableMethod } from '../methods/method.js';
import { encodedWidth } from '../preprocessing/encode-row.js';
import { bagEncoderOf, type BagEncoder } from '../stage1/bag-encoder.js';
import { frozenMaps } from '../stage2/frozen-transfer.js';
import { projectionOf } from '../stage2/projection.js';
import { headsOver } from '../stage3/method-head.js';
import { OnnxGraph, type Edge } from '../tensor/onnx/graph-builder.js';
import { denseEdge, layerConstants, type TrainedArrays } from '../tensor/onnx/layers.js';
import { trainedMlpEdge } from '../tensor/onnx/mlp-graph.js';
import { parametersFrom, type ParameterLayout } from '../tensor/parameters.js';
import { encoderEdge } from './encoder-edges.js';
import { predictionEdge } from './prediction-edges.js';
import { encodedRowEdge } from './table-edges.js';

/** Names in every graph: the mask of the patient's modalities, and the two outputs. */
export const openName = 'open';
export const logitsName = 'logits';
export const predictionName = 'prediction';

type GraphParts = Omit<FoldParts, 'widths' | 'record'> & { readonly record: BundleFold };

/** The vector of one modality inside a graph. */
interface Vector extends InputShape {
  readonly edge: Edge;
}

/** The columns of the input of each table, by modality. */
export type ExportedColumns = Readonly<Record<ModalityId, readonly string[]>>;

/**
 * The model of one fold for one patient, as an ONNX file (method.md 2 to 6, 9.6, 11). It contains preprocessing, encoders, maps and
 * fusion network in evaluation mode with their weights, and calibration.
 *
 * Inputs: for a bag modality `<id>` [instances, width]; for a table `<id>` [1, columns] in float64, one row with NaN for missing
 * values; `open` [1, modalities], with 1 for each modality that the patient has. For a modality with 0 in `open`, the input may be
 * any one row. Outputs: `logits` [1, outputs]; `prediction`, the calibrated probability [1, 1] or S(t) [1, horizons].
 *
 * @param horizons years; empty for a binary outcome
 * @throws Error for a method without fusion network and bag classifier, and for weights that do not fit the experiment
 */
export async function foldGraph(
  parts: GraphParts,
  modalities: readonly BundleModality[],
  columns: ExportedColumns,
  horizons: readonly number[],
): Promise<Uint8Array> {
  const graph = new OnnxGraph();
  const fold = new FoldEdges(graph, parts, modalities, columns);
  const logits = await fold.logits();
  graph.result(logitsName, logits, [1, parts.record.outputs]);
  const prediction = predictionEdge(graph, parts.record, logits, fold.seen(), horizons);
  graph.result(predictionName, prediction, [1, Math.max(1, horizons.length)]);
  return graph.toBytes();
}

class FoldEdges {
  private readonly slots: readonly Slot[];
  private readonly inputs: ReadonlyMap<ModalityId, Edge>;
  /** Whether the patient has each modality, [1, modalities], boolean. */
  private readonly open: Edge;

  constructor(
    private readonly graph: OnnxGraph,
    private readonly parts: GraphParts,
    private readonly modalities: readonly BundleModality[],
    columns: ExportedColumns,
  ) {
    this.slots = slotsReadBy(parts.method, slotsOf(parts.config));
    this.inputs = new Map(this.slots.map((slot) => [slot.id, this.inputOf(slot, columns[slot.id] ?? [])]));
    const open = graph.input(openName, { dims: [1, this.slots.length] });
    this.open = graph.add('Greater', [open, graph.scalar(0)]);
  }

  /** Whether the patient has any modality; [1, 1], boolean. */
  seen(): Edge {
    const { graph } = this;
    const open = graph.add('ReduceSum', [graph.cast(this.open, 'float32'), graph.whole(1)], { keepdims: 1 });
    return graph.add('Greater', [open, graph.scalar(0)]);
  }

  /** The instances of a bag, or the vector of a table row. */
  private inputOf({ id, kind }: Slot, columns: readonly string[]): Edge {
    const { graph, parts } = this;
    if (kind === 'bag') return graph.input(id, { dims: [`instances of ${id}`, this.widthOf(id)] });
    const row = graph.input(id, { type: 'float64', dims: [1, columns.length] });
    return encodedRowEdge(graph, id, row, columns, parts.record.tables[id]?.columns ?? []);
  }

  logits(): Promise<Edge> {
    const { method } = this.parts;
    switch (method.kind) {
      case 'bag':
        return Promise.resolve(this.bagLogits());
      case 'fusion':
      case 'single':
        return this.headLogits(method);
      case 'classic':
      case 'instances':
        throw new Error(`${method.id} has no fusion network`);
    }
  }

  /** The logits of a method that is the bag classifier of an encoder. */
  private bagLogits(): Edge {
    const { encoder, part, trained, z } = this.encoded(this.slots.map(({ id }) => id));
    if (encoder.outputs !== this.parts.record.outputs)
      throw new Error(`The classifier has ${encoder.outputs} outputs, the fold ${this.parts.record.outputs}`);
    return denseEdge(this.graph, z, layerConstants(this.graph, part, 'classifier', trained));
  }

  /** The logits of the fusion network, or the mean of the logits of an ensemble of fusion networks. */
  private async headLogits(method: FusionMethod | SingleTableMethod): Promise<Edge> {
    const { graph, parts } = this;
    const { config, record, rng } = parts;
    const vectors = this.transferred(this.slots.map((slot) => this.vectorOf(slot)));
    const aligned = method.kind === 'fusion' && method.embedding !== 'projected';
    const read = aligned ? this.aligned(vectors) : vectors;
    const members = await headsOver({ config, rng }, scoringCriterion(record.outputs), method, read);
    const logits = members.map((head, member) => {
      if (!(head instanceof MlpHead)) throw new Error(`${method.id} has no fusion network`);
      return this.networkLogits(head, members.length === 1 ? 'head' : `head.${memberName(member)}`, read);
    });
    const sum = logits.reduce((before, one) => graph.add('Add', [before, one]));
    return members.length === 1 ? sum : graph.add('Mul', [sum, graph.scalar(1 / members.length)]);
  }

  /** The logits of one fusion network. The names of its arrays start with `part`. */
  private networkLogits(head: MlpHead, part: string, read: readonly Vector[]): Edge {
    const { graph } = this;
    const trained = this.trained(part, head.layout);
    const names = mapNames(head.net);
    const slots = read.map(({ edge }, m) => {
      const name = names[m] ?? null;
      const mapped =
        name === null ? edge : denseEdge(graph, edge, layerConstants(graph, part, name, trained));
      return graph.add('Where', [this.openOf(m), mapped, graph.scalar(0)]);
    });
    const joined = graph.add('Concat', slots, { axis: 1 });
    return trainedMlpEdge(graph, part, head.net.mlp, trained, joined);
  }

  /** The vector of a modality: z of a bag, or the encoded row of a table. */
  private vectorOf({ id, kind }: Slot): Vector {
    if (kind === 'table') {
      const width = this.widthOf(id);
      return { modality: id, kind, width, edge: this.inputs.get(id) as Edge };
    }
    const { encoder, z } = this.encoded([id]);
    return { modality: id, kind, width: encoder.embedding, edge: z };
  }

  /** Passes tables through their fixed random maps, if the experiment has them (method.md 4.4). */
  private transferred(vectors: readonly Vector[]): readonly Vector[] {
    const { config, rng } = this.parts;
    if (config.tabular.transfer === 'none') return vectors;
    const width = config.align.width;
    const maps = frozenMaps(vectors, width, rng('transfer'));
    return vectors.map((vector, m) => {
      const map = maps[m] ?? null;
      if (map === null) return vector;
      const layer = layerConstants(this.graph, `fixed.${vector.modality}`, 'transfer', map);
      return { ...vector, width, edge: denseEdge(this.graph, vector.edge, layer) };
    });
  }

  /** The vector u of each modality (eq. 4 of the paper): phi applied to its vector. */
  private aligned(vectors: readonly Vector[]): readonly Vector[] {
    const nobody = { values: new Float32Array(), observed: new Uint8Array() };
    const { maps, width, layout } = projectionOf(
      this.parts.config.align,
      vectors.map(({ edge: _, ...shape }) => ({ ...shape, ...nobody })),
    );
    const trained = this.trained('phi', layout);
    return vectors.map(({ modality, edge }, m) => {
      const map = maps[m] as (typeof maps)[number];
      const u = trainedMlpEdge(this.graph, 'phi', map, trained, edge);
      return { modality, kind: 'latent', width, edge: u };
    });
  }

  /** The encoder of one modality or of the union of several, and its output z. */
  private encoded(ids: readonly ModalityId[]): {
    readonly encoder: BagEncoder;
    readonly part: string;
    readonly trained: TrainedArrays;
    readonly z: Edge;
  } {
    const { config, record } = this.parts;
    if (record.encoderOutputs === null) throw new Error(`The fold has no encoder of ${ids.join(', ')}`);
    const criterion = scoringCriterion(record.encoderOutputs);
    const width = this.widthOf(ids[0] as ModalityId);
    const encoder = bagEncoderOf(config.mil, width, criterion, config.align.width);
    const part = `encoder.${ids.length === 1 ? (ids[0] as string) : 'union'}`;
    const trained = this.trained(part, encoder.layout);
    const bags = ids.map((id) => ({
      rows: this.inputs.get(id) as Edge,
      open: this.openOf(this.slots.findIndex((slot) => slot.id === id)),
    }));
    return { encoder, part, trained, z: encoderEdge(this.graph, part, encoder, trained, bags) };
  }

  /** Whether a modality is open, [1, 1] of bool. */
  private openOf(m: number): Edge {
    const { graph } = this;
    return graph.add('Slice', [this.open, graph.whole(m), graph.whole(m + 1), graph.whole(1)]);
  }

  private trained(part: string, layout: ParameterLayout): TrainedArrays {
    return { layout, values: parametersFrom(layout, under(this.parts.arrays, part)) };
  }

  private widthOf(id: ModalityId): number {
    const modality = this.modalities.find((one) => one.id === id);
    if (modality === undefined) throw new Error(`The bundle has no modality ${id}`);
    return modality.kind === 'bag'
      ? modality.width
      : encodedWidth(this.parts.record.tables[id]?.columns ?? []);
  }
}
