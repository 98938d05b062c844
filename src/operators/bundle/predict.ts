import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { withBags } from '../cohort/cohort-data.js';
import { methodOf } from '../methods/registry.js';
import { loadBackend } from '../tensor/backend.js';
import { reportingStage, type ReportingControl } from '../tensor/reporting-stage.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { replayDraws } from './drawn-maps.js';
import { FoldPredictor, type FoldPrediction } from './fold-scores.js';
import { MeanAttention } from './mean-attention.js';
import { readBundle } from './open-bundle.js';
import { inPart } from '../../pipeline/core/part-of.js';
import { newAttentionFile, scoresFile, spreadFile, type ScoredPatient } from './predicted-data.js';
import { rosterFile, rosterSchema } from './roster-data.js';
import { rosterTables } from './roster-tables.js';
import { scoringData } from './scoring-data.js';
import { scoringModel, type ScoringModel } from './scoring-model.js';
import { Flags } from './flags.js';

/**
 * Scores a part of the new patients by the models of all folds of a bundle. Reads the bundle file (role `bundle`), and
 * the artifacts of `roster`, `bags` and, for the part, `embed`. Writes `scores.json`, and `spread.safetensors` with
 * statistics of the bags of these patients (bag-spread.ts).
 */
export const predict = reportingStage(scorePart);

async function scorePart(context: StageContext, { emit, signal }: ReportingControl): Promise<StageOutput> {
  const { inputs, sources, unit } = context;
  const [file] = sources;
  if (file === undefined) throw new Error('predict was given no bundle');
  const opened = readBundle(file.path, file.name);
  const { bundle, config, folds } = opened;
  const method = methodOf(bundle.method.id);
  const roster = inputs.one('roster').json(rosterFile, rosterSchema);
  const ids = roster.patients.filter((id) => unit.part === undefined || inPart(id, unit.part));
  // Outcomes are unknown and not used; 0 is a placeholder.
  const members = ids.map((id) => ({ id, y: 0 as const, followUpDays: null }));
  const cohort = withBags({ outcome: bundle.outcome.words, patients: members }, inputs.all('bags'));
  const data = scoringData(cohort, inputs.all('embed'), rosterTables(inputs.one('roster'), bundle));
  await loadBackend();

  const everyone = [...ids.keys()];
  const widths = Object.fromEntries(
    bundle.modalities.flatMap((one) => (one.kind === 'bag' ? [[one.id, one.width]] : [])),
  );
  const scored: FoldPrediction[][] = [];
  let seen: ScoringModel | null = null;
  const attention = unit.heatmaps === true ? new MeanAttention(folds.length) : null;
  for (const [fold, { record, arrays }] of folds.entries()) {
    signal.throwIfAborted();
    const model = await scoringModel(
      { method, config, record, arrays, widths, rng: replayDraws(arrays) },
      data,
    );
    scored.push(await new FoldPredictor(model, record, bundle.outcome.horizons).of(everyone));
    seen = model;
    attention?.add(model.attention);
    emit({ type: 'epoch', epoch: fold + 1, epochs: folds.length, metrics: {} });
  }
  const flags = new Flags(opened, data, roster);
  const patients: ScoredPatient[] = [];
  for (const at of everyone) {
    const modalities = seen?.modalities.filter((_, m) => seen.has(at, m)) ?? [];
    const own = scored.map((fold) => fold[at] as FoldPrediction);
    patients.push({
      patient: ids[at] as string,
      modalities: [...modalities],
      outputs: own.map(({ outputs }) => [...outputs]),
      probabilities:
        bundle.outcome.kind === 'binary' ? own.map(({ probability }) => probability as number) : null,
      survival:
        bundle.outcome.kind === 'binary'
          ? null
          : bundle.outcome.horizons.map((_, h) => own.map(({ survival }) => survival[h] as number)),
      contributions: contributionsOf(own, seen?.modalities ?? [], modalities),
      flags: await flags.of(at, modalities),
    });
  }
  return {
    type: 'output',
    files: {
      [scoresFile]: patients,
      [spreadFile]: flags.spread.bytes(),
      ...(attention === null ? {} : { [newAttentionFile]: writeSafetensors(attention.arrays()) }),
    },
    metrics: { patients: patients.length },
  };
}

/** For each modality, the mean over the folds of its contribution to the chance of the event. */
function contributionsOf(
  folds: readonly FoldPrediction[],
  all: readonly string[],
  seen: readonly string[],
): ScoredPatient['contributions'] {
  return Object.fromEntries(
    all.flatMap((modality, m) => {
      if (!seen.includes(modality)) return [];
      const added = folds.map(({ chance, without }) =>
        without[m] === null || without[m] === undefined ? null : chance - without[m],
      );
      const known = added.flatMap((value) => value ?? []);
      return [
        [
          modality,
          known.length < folds.length ? null : known.reduce((sum, value) => sum + value, 0) / folds.length,
        ],
      ];
    }),
  );
}
