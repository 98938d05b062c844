import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { modalityOf } from '../cohort/cohort-data.js';
import type { FusionMethod } from '../methods/method.js';
import type { Alignment } from '../../pipeline/core/alignment.js';
import type { Slot } from '../../pipeline/core/modality.js';
import { readJudgedFold, trainingOn, type JudgedFold } from '../criteria/judged-fold.js';
import { methodOf } from '../methods/registry.js';
import { reportingStage, type ReportingControl } from '../tensor/reporting-stage.js';
import { BagSource, residentBytes } from '../stage1/bag-source.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { bagEncoderOf } from '../stage1/bag-encoder.js';
import { objectivesOf, type AlignmentObjective } from '../stage2/alignment-objective.js';
import { alignmentWarnings, exportLatents } from '../stage2/latent-export.js';
import { latentInputs } from '../stage2/latent-inputs.js';
import { hasAny, readTableInputs, slotsOfInputs, type ModalityInput } from '../embeddings/modality-inputs.js';
import { projectionOf } from '../stage2/projection.js';
import { chosenOf, fusionHead, transferredTables } from '../stage3/method-head.js';
import { robustnessFile } from '../stage3/robustness-data.js';
import { headPredictions, headRobustness } from '../stage3/score-head.js';
import { loadBackend } from '../tensor/backend.js';
import { requireTraining } from '../tensor/fold-patients.js';
import { historyFile } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { bestDiscrimination, trainInStage } from '../tensor/train-in-stage.js';
import { jointSettings, type JointSettings } from './joint-settings.js';
import type { EncoderPart } from './bag-encoders.js';
import { JointTraining, jointLayout, type JointParts } from './joint-training.js';

/**
 * Trains all stages of one method in one fold together, from bags to scores, with a single early stopping by the fused
 * scores of the validation patients (method.md 7.1). It writes the outputs of Stage 2 and Stage 3.
 */
export const joint = reportingStage(async (context, control) => {
  const method = methodOf(context.unit.method ?? '');
  switch (method.kind) {
    case 'fusion':
      return trainJointly(context, method, control);
    case 'instances':
      return (await import('../mfmf/mfmf.js')).trainMfmf(context, control);
    case 'bag':
    case 'single':
    case 'classic':
      throw new Error(`${method.id} has no stages to train together`);
  }
});

async function trainJointly(
  context: StageContext,
  method: FusionMethod,
  control: ReportingControl,
): Promise<StageOutput> {
  const { config } = context;
  const data = readJudgedFold(context);
  const { labels, fold, criterion } = data;
  const settings = jointSettings(method, config);
  const parts = await partsOf(context, method, data, settings);
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter(
      (patient) => parts.encoders.some(({ source }) => source.has(patient)) || hasAny(parts.tables, patient),
    );
  const patients = having(fold.train);
  requireTraining(patients, parts.chosen.join(' or '));

  const { name: backend } = await loadBackend();
  const layout = jointLayout(parts);
  const parameters = initialParameters(layout, context.rng('init'));
  const model = new JointTraining(parts, parameters, data, having(fold.val));
  const before = model.phi.slice();
  const history = await trainInStage(model, context, control, {
    ...trainingOn(data, patients),
    backend,
  });
  const { inputs: embedded } = await model.embed(labels.map((_, patient) => patient));
  const latent =
    parts.alignment === null
      ? null
      : await exportLatents(
          { ...parts.alignment.projection, inputs: embedded },
          { before, after: model.phi },
          fold,
        );
  const inputs = latent === null ? embedded : latentInputs(latent.latents, parts.chosen);
  const trained = { head: parts.head, parameters: model.head, inputs };
  const warnings = latent === null ? [] : alignmentWarnings(latent.leadingShare, history);
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(layout, parameters)),
      ...latent?.files,
      ...(await headPredictions(trained, data)),
      [robustnessFile]: await headRobustness(
        trained,
        data,
        config.robustness.draws,
        context.rng('robustness'),
      ),
      [historyFile]: { ...history, warnings: [...history.warnings, ...warnings] },
    },
    metrics: {
      ...bestDiscrimination(history, criterion.ranking),
      ...(latent === null ? {} : { bestEpoch: history.bestEpoch, leadingShare: latent.leadingShare }),
    },
  };
}

/** Encoders, alignment and head of a method, with the vectors of its tables. */
export async function partsOf(
  context: Pick<StageContext, 'config' | 'inputs' | 'rng'>,
  method: FusionMethod,
  { cohort, criterion }: Pick<JudgedFold, 'cohort' | 'criterion'>,
  { mil, align, detach }: JointSettings,
): Promise<JointParts> {
  const { config, inputs, rng } = context;
  const read = chosenOf(method, config);
  const bags = inputs
    .all('bags')
    .map(modalityOf)
    .filter((id) => read === 'bags' || read.includes(id));
  const own = readTableInputs(inputs).filter(({ modality }) => read !== 'bags' && read.includes(modality));
  const tables = transferredTables(context, method, own);
  const chosen = read === 'bags' ? bags : read;
  const encoders = bags.map((modality): EncoderPart => {
    const source = new BagSource(cohort, modality, inputs.all('embed'), residentBytes() / bags.length);
    return {
      modality,
      encoder: bagEncoderOf(mil, source.width, criterion, align.width),
      source,
      maxInstances: config.bag.maxInstances,
      dropout: rng(`${modality}-dropout`),
      subsample: rng(`${modality}-subsample`),
    };
  });
  const shapes = chosen.map((modality): ModalityInput => {
    const table = tables.find((input) => input.modality === modality);
    const width = encoders.find((part) => part.modality === modality)?.encoder.embedding;
    if (table !== undefined) return table;
    if (width === undefined) throw new Error(`${modality} has neither an encoder nor a table`);
    return { modality, kind: 'bag', width, values: new Float32Array(), observed: new Uint8Array() };
  });
  if (method.embedding === 'projected') {
    const head = await fusionHead(context, criterion, method, shapes);
    return { chosen, encoders, tables, alignment: null, head, detach };
  }
  const projection = projectionOf(align, shapes);
  const latents = shapes.map(({ modality }) => ({ modality, kind: 'latent' as const, width: align.width }));
  return {
    ...{ chosen, encoders, tables, detach },
    alignment: {
      projection,
      // `objectivesOf` gives one objective for each combination of lambdaPD and tau. With the joint schedule, the
      // checks of the experiment file allow only one combination.
      objective: alignedBy(method.embedding, config, align, slotsOfInputs(shapes)),
    },
    head: await fusionHead(context, criterion, method, latents),
  };
}

/**
 * The alignment objective of a method. The getters access only the config section of this alignment: the job does not
 * declare the other sections, and access to them throws.
 */
const alignedBy = (
  alignment: Alignment,
  config: StageContext['config'],
  align: JointSettings['align'],
  slots: readonly Slot[],
): AlignmentObjective =>
  objectivesOf(
    alignment,
    {
      align,
      get clip() {
        return config.clip;
      },
      get signed() {
        return config.signed;
      },
    },
    slots,
  )[0] as AlignmentObjective;
