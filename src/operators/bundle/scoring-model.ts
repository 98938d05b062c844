import type { Config } from '../../pipeline/config/schema.js';
import { slotsOf } from '../../pipeline/config/slots.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { bagMeans } from '../classic/bag-means.js';
import { modelOutputs } from '../classic/model-outputs.js';
import { visibleRows, type BagMeans, type PatientInputs } from '../classic/patient-inputs.js';
import { outputRows } from '../criteria/output-rows.js';
import { gatherMask, hasAny, type ModalityInput } from '../embeddings/modality-inputs.js';
import { ensembleOf } from '../heads/ensemble.js';
import { inWholeBatches, type Outputs } from '../heads/outputs.js';
import type { BagMethod, ClassicMethod, FusionMethod, Method, SingleTableMethod } from '../methods/method.js';
import { modalitiesOf, slotsReadBy } from '../methods/method.js';
import { bagEncoderOf } from '../stage1/bag-encoder.js';
import { encodePatients, type EncodedPatients } from '../stage1/encode-patients.js';
import { EncoderTraining } from '../stage1/encoder-training.js';
import { frozenTransfer } from '../stage2/frozen-transfer.js';
import { latentVectors } from '../stage2/latent-export.js';
import { latentInputs } from '../stage2/latent-inputs.js';
import { projectionOf } from '../stage2/projection.js';
import { headsOver, transferredTables } from '../stage3/method-head.js';
import { parametersFrom } from '../tensor/parameters.js';
import type { BundleFold } from './bundle-data.js';
import { replayDraws } from './drawn-maps.js';
import type { Arrays } from './open-bundle.js';
import { instancesModel } from './instances-model.js';
import type { ScoringData } from './scoring-data.js';
import { scoringCriterion } from './scoring-criterion.js';
import { tableInput } from './table-input.js';
import { under } from './under.js';

/** The model of a fold for given patients, ready to score. */
export interface ScoringModel {
  /** The modalities that the model reads, in order. */
  readonly modalities: readonly ModalityId[];
  /**
   * Whether a modality can be hidden from the model. False, for example, if one encoder reads the union of several
   * bags.
   */
  readonly hides: boolean;
  /** Whether the model can score a patient. Most models need at least one modality of the patient. */
  readonly sees: (patient: number) => boolean;
  /** Whether a patient has a modality. */
  readonly has: (patient: number, modality: number) => boolean;
  /**
   * Outputs of patients with at least one modality, one row each.
   *
   * @param open [patients, modalities], 1 if the model may read the modality of the patient. Without `open`, the model
   * reads all modalities of each patient. Ignored if `hides` is false
   */
  readonly outputs: (patients: readonly number[], open?: Uint8Array) => Promise<Outputs>;
  /** Raw attention of the encoder of each bag modality. */
  readonly attention: ReadonlyMap<ModalityId, EncodedPatients>;
}

/** The parts of a bundle that make up the model of one fold. */
export interface FoldParts {
  readonly method: Method;
  readonly config: Config;
  readonly record: Pick<BundleFold, 'tables' | 'outputs' | 'encoderOutputs' | 'classic'>;
  readonly arrays: Arrays;
  /** Length of an instance for each bag modality of the training. */
  readonly widths: Readonly<Partial<Record<ModalityId, number>>>;
  /** Random streams of the linear maps that are drawn at random and never trained (method.md 4.4, 8.5, 8.6). */
  readonly rng: (purpose: string) => Rng;
}

/**
 * Sets up the model of one fold: encodes bags and tables of all patients, and aligns them. The same code as in training computes every
 * step, so test patients get the outputs that the run gave them.
 */
export async function scoringModel(parts: FoldParts, data: ScoringData): Promise<ScoringModel> {
  switch (parts.method.kind) {
    case 'bag':
      return bagModel(parts, parts.method, data);
    case 'fusion':
    case 'single':
      return headModel(parts, parts.method, data);
    case 'classic':
      return classicModel(parts, parts.method, data);
    case 'instances':
      return instancesModel(parts, parts.method, data);
  }
}

/**
 * A random stream for functions that require one. It throws an error if a number is drawn, because scoring is not
 * random.
 */
const noDraws = replayDraws({})('none');

/** Name of an encoder: the id of its modality, or `union` if it reads the union of several modalities. */
const encoderName = (modalities: readonly ModalityId[]): string =>
  modalities.length === 1 ? (modalities[0] as string) : 'union';

async function bagModel(parts: FoldParts, method: BagMethod, data: ScoringData): Promise<ScoringModel> {
  const modalities = modalitiesOf(method, slotsOf(parts.config));
  const encoded = await encode(parts, modalities, data);
  const rows = encoded === null ? [] : outputRows(encoded.logits, parts.record.outputs);
  const sees = (patient: number): boolean => encoded?.observed[patient] === 1;
  return {
    ...{ modalities, hides: false, sees },
    has: (patient, m) => data.bags([modalities[m] as string])?.has(patient) === true,
    outputs: (patients) => Promise.resolve(patients.map((patient) => rows[patient] as readonly number[])),
    attention: new Map(encoded === null ? [] : [[encoderName(modalities), encoded]]),
  };
}

async function classicModel(
  { record, config }: FoldParts,
  method: ClassicMethod,
  { patients, tables, bags }: ScoringData,
): Promise<ScoringModel> {
  const model = record.classic;
  if (model === null) throw new Error(`The bundle holds no model of ${method.id}`);
  const slots = slotsReadBy(method, slotsOf(config));
  const means: BagMeans[] = [];
  for (const { id, kind } of slots) {
    const source = kind === 'bag' ? bags([id]) : null;
    if (source !== null) means.push(await bagMeans(source, id, patients));
  }
  const inputs: PatientInputs = {
    patients,
    tables: [...tables].map(([modality, table]) => ({ modality, table })),
    bags: means,
  };
  const modalities = slots.map(({ id }) => id);
  const having = modalities.map((modality) => visibleRows(inputs, [{ modality }]));
  return {
    modalities,
    hides: modalities.length > 1 && model.kind !== 'kaplanMeier',
    // A classical time-to-event model predicts even for a patient without data: Kaplan-Meier gives one curve to all
    // patients, and Cox regression replaces missing values by training means.
    sees: (patient) => method.outcome === 'timeToEvent' || having.some((has) => has[patient] === true),
    has: (patient, m) => having[m]?.[patient] === true,
    outputs: (group, open) => {
      const isOpen = (row: number, modality: string): boolean =>
        open === undefined || open[row * modalities.length + modalities.indexOf(modality)] === 1;
      const asked = { ...inputs, patients: group.map((patient) => patients[patient] as string) };
      return Promise.resolve(Array.from(modelOutputs(model, asked, isOpen), (output) => [output]));
    },
    attention: new Map(),
  };
}

async function headModel(
  parts: FoldParts,
  method: FusionMethod | SingleTableMethod,
  data: ScoringData,
): Promise<ScoringModel> {
  const { config, record, arrays, rng } = parts;
  const attention = new Map<ModalityId, EncodedPatients>();
  const vectors: ModalityInput[] = [];
  for (const { id, kind } of slotsReadBy(method, slotsOf(config))) {
    if (kind === 'table') {
      vectors.push(tableInput(parts, id, data));
      continue;
    }
    const encoded = await encode(parts, [id], data);
    if (encoded !== null) attention.set(id, encoded);
    vectors.push(bagInput(parts, id, encoded, data.patients.length));
  }
  const criterion = scoringCriterion(record.outputs);
  const aligned = method.kind === 'fusion' && method.embedding !== 'projected';
  const inputs = aligned
    ? await alignedInputs(parts, vectors)
    : transferredTables({ config, rng }, method, vectors);
  const head = ensembleOf(await headsOver({ config, rng }, criterion, method, inputs));
  const parameters = parametersFrom(head.layout, under(arrays, 'head'));
  return {
    modalities: inputs.map(({ modality }) => modality),
    hides: inputs.length > 1,
    sees: (patient) => hasAny(inputs, patient),
    has: (patient, m) => inputs[m]?.observed[patient] === 1,
    outputs: (patients, open) =>
      inWholeBatches(patients, open, (group, mask) =>
        head.outputs(parameters, { inputs, patients: group }, mask),
      ),
    attention,
  };
}

/** The latent vectors u of all patients (method.md 5). */
async function alignedInputs(
  { config, arrays, rng }: FoldParts,
  vectors: readonly ModalityInput[],
): Promise<readonly ModalityInput[]> {
  const read =
    config.tabular.transfer === 'none'
      ? vectors
      : frozenTransfer(vectors, config.align.width, rng('transfer'));
  const projection = projectionOf(config.align, read);
  const parameters = parametersFrom(projection.layout, under(arrays, 'phi'));
  const count = read[0]?.observed.length ?? 0;
  const everyone = Array.from({ length: count }, (_, patient) => patient);
  const mask = gatherMask(read, everyone);
  const u = await latentVectors(projection, parameters, everyone, mask);
  const latents = { u, mask, width: projection.width };
  return latentInputs(
    latents,
    read.map(({ modality }) => modality),
  );
}

/** z of a bag modality. If the data lack the modality, no patient has it. */
function bagInput(
  parts: FoldParts,
  modality: ModalityId,
  encoded: EncodedPatients | null,
  count: number,
): ModalityInput {
  if (encoded !== null)
    return {
      modality,
      kind: 'bag',
      width: encoded.z.length / count,
      values: encoded.z,
      observed: encoded.observed,
    };
  const { hidden, transfer } = parts.config.mil;
  const width = transfer === 'linear' ? parts.config.align.width : hidden;
  return {
    modality,
    kind: 'bag',
    width,
    values: new Float32Array(count * width),
    observed: new Uint8Array(count),
  };
}

/** The output of the encoder of some bag modalities for all patients. Null if the data have none of them. */
async function encode(
  { config, record, arrays }: FoldParts,
  modalities: readonly ModalityId[],
  { bags, patients }: ScoringData,
): Promise<EncodedPatients | null> {
  const source = bags(modalities);
  if (source === null || record.encoderOutputs === null) return null;
  const encoder = bagEncoderOf(
    config.mil,
    source.width,
    scoringCriterion(record.encoderOutputs),
    config.align.width,
  );
  const parameters = parametersFrom(encoder.layout, under(arrays, `encoder.${encoderName(modalities)}`));
  const model = new EncoderTraining(
    encoder,
    parameters,
    source,
    patients.map(() => 0),
    {
      maxInstances: null,
      validation: [],
      dropout: noDraws,
      subsample: noDraws,
    },
  );
  return encodePatients(model, encoder, source, patients.length);
}
