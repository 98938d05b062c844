import { rng } from '../../src/pipeline/core/rng.js';
import type { BundleFold, BundleModality } from '../../src/operators/bundle/bundle-data.js';
import { recordDraws } from '../../src/operators/bundle/drawn-maps.js';
import type { Arrays } from '../../src/operators/bundle/open-bundle.js';
import { scoringCriterion } from '../../src/operators/bundle/scoring-criterion.js';
import type { ScoringData } from '../../src/operators/bundle/scoring-data.js';
import { scoringModel, type FoldParts, type ScoringModel } from '../../src/operators/bundle/scoring-model.js';
import { ensembleOf } from '../../src/operators/heads/ensemble.js';
import type { InputShape } from '../../src/operators/heads/head.js';
import { modalitiesOf } from '../../src/operators/methods/method.js';
import { bagSequence } from '../../src/operators/mfmf/bag-sequence.js';
import { mfmfNet } from '../../src/operators/mfmf/mfmf-net.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { encodedWidth } from '../../src/operators/preprocessing/encode-row.js';
import type { FittedColumn } from '../../src/operators/preprocessing/vectors-data.js';
import { bagEncoderOf } from '../../src/operators/stage1/bag-encoder.js';
import { projectionOf } from '../../src/operators/stage2/projection.js';
import { headsOver } from '../../src/operators/stage3/method-head.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import { namedParameters, type ParameterLayout } from '../../src/operators/tensor/parameters.js';
import { slotsOf } from '../../src/pipeline/config/slots.js';
import { resolvedConfig, type Changes } from './resolved-config.js';
import { bagsInMemory } from './small-inputs.js';

/** Number of values in each instance, equal for WSI and TMA. */
export const instanceWidth = 12;
const bagSizes: Readonly<Record<string, readonly number[]>> = {
  WSI: [7, 0, 300, 1, 0, 20, 0, 3],
  TMA: [2, 9, 0, 40, 4, 5, 0, 6],
};
const patientCount = 8;
/** The fitted columns of a table with four columns, one of each kind. */
const columns: readonly FittedColumn[] = [
  { name: 'age', kind: 'numeric', fill: 60, offset: 55, scale: 12, range: [40, 80] },
  { name: 'sex', kind: 'binary', fill: 1 },
  { name: 'site', kind: 'nominal', categories: ['a', 'b', 'c'], fill: 2, known: [0, 2] },
  { name: 'grade', kind: 'ordinal', fill: 1, offset: 0, scale: 2 },
];
/** Patients 4 and 7 have no row in Blood. Patient 6 has a row in Blood and no other data. */
const rowsOf: Readonly<Record<string, readonly number[]>> = {
  Clin: [0, 1, 2, 3, 4, 5, 7],
  Blood: [0, 1, 2, 3, 5, 6],
};

/** A model whose arrays all hold random weights, and invented patients of whom some lack a modality. */
export interface ScoredFold {
  readonly parts: FoldParts & { readonly record: BundleFold };
  readonly model: ScoringModel;
  readonly data: ScoringData;
  readonly modalities: readonly BundleModality[];
  readonly instancesOf: (modality: string, patient: number) => Float32Array;
}

export async function scoredFold(id: string, changes: Changes, outputs: number): Promise<ScoredFold> {
  const config = resolvedConfig({
    modalities: ['WSI', 'TMA', 'Clin', 'Blood'],
    ...changes,
    data: { modalities: { WSI: { width: instanceWidth }, TMA: { width: instanceWidth } } },
  });
  const method = methodOf(id);
  const own = modalitiesOf(method, slotsOf(config));
  const slots = slotsOf(config).filter((slot) => own.includes(slot.id));
  const stream = rng(5, `scored-fold/${id}`);
  const random = (part: string, { entries, ...layout }: ParameterLayout): Arrays =>
    Object.fromEntries(
      Object.entries(
        namedParameters(
          { entries, ...layout },
          Float32Array.from(
            entries.flatMap(({ size, fanIn }) =>
              Array.from({ length: size }, () => (1.5 * stream.normal()) / Math.sqrt(fanIn)),
            ),
          ),
        ),
      ).map(([name, array]) => [`${part}.${name}`, array]),
    );
  const widths = { WSI: instanceWidth, TMA: instanceWidth };
  const { width } = config.align;
  const embedding = config.mil.transfer === 'linear' ? width : config.mil.hidden;
  const encoder = bagEncoderOf(config.mil, instanceWidth, scoringCriterion(outputs), width);
  const bags = slots.filter(({ kind }) => kind === 'bag').map((slot) => slot.id);
  const encoders = method.kind === 'bag' && bags.length > 1 ? ['union'] : bags;
  const arrays: Record<string, Arrays[string]> = Object.assign(
    {},
    ...encoders.map((bag) => random(`encoder.${bag}`, encoder.layout)),
  ) as Record<string, Arrays[string]>;
  if (method.kind === 'fusion' || method.kind === 'single') {
    const tables = config.tabular.transfer === 'none' ? encodedWidth(columns) : width;
    const shapes: InputShape[] = slots.map((slot) => ({
      ...{ modality: slot.id, kind: slot.kind },
      width: slot.kind === 'bag' ? embedding : tables,
    }));
    const aligned = method.kind === 'fusion' && method.embedding !== 'projected';
    const nobody = { values: new Float32Array(), observed: new Uint8Array() };
    const projection = projectionOf(
      config.align,
      shapes.map((shape) => ({ ...shape, ...nobody })),
    );
    if (aligned) Object.assign(arrays, random('phi', projection.layout));
    const read = aligned ? shapes.map((shape): InputShape => ({ ...shape, kind: 'latent', width })) : shapes;
    const head = ensembleOf(
      await headsOver({ config, rng: () => stream }, scoringCriterion(outputs), method, read),
    );
    Object.assign(arrays, random('head', head.layout));
  }
  if (method.kind === 'instances') {
    const tables = slots.flatMap((slot) =>
      slot.kind === 'table' ? [{ modality: slot.id, kind: slot.kind, width: encodedWidth(columns) }] : [],
    );
    const read = { tables, sequence: bagSequence(config.mfmf, slots), bags: widths };
    const net = mfmfNet({ config, rng: () => stream, ...read }, { outputs, startBiases: null });
    Object.assign(arrays, random('head', net.layout));
  }
  const record: BundleFold = {
    ...{ fold: 0, outputs, encoderOutputs: bags.length === 0 ? null : outputs },
    tables: { Clin: { columns: [...columns] }, Blood: { columns: [...columns] } },
    ...{ unseen: [], survival: null, calibration: null, classic: null },
  };
  const data = inventedData();
  const { streams, drawn } = recordDraws((purpose) => rng(8, purpose));
  const scored = { method, config, record, arrays, widths, rng: streams };
  const model = await scoringModel(scored, data);
  return {
    parts: { ...scored, arrays: { ...arrays, ...drawn() } },
    ...{ model, data },
    modalities: slots.map((slot): BundleModality =>
      slot.kind === 'bag'
        ? { id: slot.id, kind: 'bag', width: instanceWidth, encoders: [], mpp: [], rows: [1, 300] }
        : {
            ...{ id: slot.id, kind: 'table' },
            columns: columns.map(({ name, kind }) => ({ name, kind, range: null })),
          },
    ),
    instancesOf: (modality, patient) =>
      Float32Array.from(
        bagsInMemory(instanceWidth, bagSizes[modality] as number[])
          .instancesOf(patient)
          .flat(),
      ),
  };
}

function inventedData(): ScoringData {
  const patients = Array.from({ length: patientCount }, (_, i) => `p${i}`);
  const stream = rng(2, 'scored-fold/cells');
  const tableOf = (rows: readonly number[]): TypedTable => ({
    columns: columns.map(({ name, kind }) => ({ name, kind, inferred: false })),
    patients: rows.map((row) => patients[row] as string),
    cells: Float64Array.from(
      rows.flatMap((row) => [row === 1 ? NaN : 60 + 15 * stream.normal(), row % 2, row % 4, stream.int(3)]),
    ),
  });
  const sources = new Map(
    Object.entries(bagSizes).map(([id, sizes]) => [id, bagsInMemory(instanceWidth, sizes)]),
  );
  return {
    patients,
    tables: new Map(Object.entries(rowsOf).map(([id, rows]) => [id, tableOf(rows)])),
    bags: (modalities) => {
      const [first, ...others] = modalities.map((id) => sources.get(id)?.source);
      if (first === undefined || others.length === 0) return first ?? null;
      const all = [first, ...others].flatMap((source) => source ?? []);
      const union: Pick<typeof first, 'width' | 'has' | 'rows' | 'load' | 'prefetch'> = {
        width: instanceWidth,
        has: (patient) => all.some((source) => source.has(patient)),
        rows: (patient) => all.reduce((sum, source) => sum + source.rows(patient), 0),
        load: async (patient) =>
          Float32Array.from(
            (await Promise.all(all.map((source) => source.load(patient)))).flatMap((bag) => [...bag]),
          ),
        prefetch: () => undefined,
      };
      return union as typeof first;
    },
  };
}
