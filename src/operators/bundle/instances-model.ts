import { slotsOf } from '../../pipeline/config/slots.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { slotsReadBy, type InstanceMethod } from '../methods/method.js';
import { bagSequence } from '../mfmf/bag-sequence.js';
import { mfmfNet } from '../mfmf/mfmf-net.js';
import { MfmfTraining, type MfmfBags } from '../mfmf/mfmf-training.js';
import { parametersFrom } from '../tensor/parameters.js';
import { replayDraws } from './drawn-maps.js';
import type { ScoringData } from './scoring-data.js';
import { scoringCriterion } from './scoring-criterion.js';
import type { FoldParts, ScoringModel } from './scoring-model.js';
import { tableInput } from './table-input.js';
import { under } from './under.js';

/** Scoring uses all instances of a bag. So this stream for drawing a sample of them throws an error if it is used. */
const subsample = replayDraws({})('none');

/** The model of method MFMF, which reads the instances of bags and the vectors of tables (method.md 8.6). */
export function instancesModel(
  parts: FoldParts,
  method: InstanceMethod,
  data: ScoringData,
): Promise<ScoringModel> {
  const { config, record, arrays, widths, rng } = parts;
  const slots = slotsReadBy(method, slotsOf(config));
  const tables = slots.flatMap(({ id, kind }) => (kind === 'table' ? [tableInput(parts, id, data)] : []));
  const sequence = bagSequence(config.mfmf, slots);
  const read = [...new Set(sequence)];
  const output = { outputs: record.outputs, startBiases: null };
  const bags = Object.fromEntries(read.map((modality) => [modality, widths[modality]]));
  const net = mfmfNet({ config, tables, sequence, bags, rng }, output);
  const sources: Partial<Record<ModalityId, MfmfBags>> = {};
  for (const modality of read) {
    const source = data.bags([modality]);
    if (source !== null) sources[modality] = { source, subsample };
  }
  const model = new MfmfTraining(net, parametersFrom(net.layout, under(arrays, 'head')), {
    ...{ tables, bags: sources, maxInstances: null, validation: [] },
    judged: { criterion: scoringCriterion(record.outputs), targets: data.patients.map(() => 0) },
  });
  const modalities = slots.map(({ id }) => id);
  const has = (patient: number, m: number): boolean => {
    const id = modalities[m] as ModalityId;
    const table = tables.find(({ modality }) => modality === id);
    return table === undefined ? sources[id]?.source.has(patient) === true : table.observed[patient] === 1;
  };
  return Promise.resolve({
    ...{ modalities, has, hides: modalities.length > 1 },
    sees: (patient) => modalities.some((_, m) => has(patient, m)),
    outputs: (patients, open) => {
      const rowOf = new Map(patients.map((patient, row) => [patient, row]));
      return model.outputsAlone(
        patients,
        (patient, modality) =>
          open === undefined ||
          open[(rowOf.get(patient) as number) * modalities.length + modalities.indexOf(modality)] === 1,
      );
    },
    attention: new Map(),
  });
}
