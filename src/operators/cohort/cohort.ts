import { HafError } from '../../pipeline/core/errors.js';
import { isBagModality, isTableModality, type Modality } from '../../pipeline/core/modality.js';
import type { Artifact, StageCode } from '../../pipeline/stage.js';
import { bagIndexFile, bagIndexSchema } from '../features/bag-index.js';
import { stageOf } from '../stage-of.js';
import { filesKey, type EmbeddedBags } from './bag-piece.js';
import { cohortFile, flowFile, isObserved, type Cohort, type FlowStep, type Patient } from './cohort-data.js';
import { include } from './inclusion.js';
import { joinPatients, requireSites } from './join-patients.js';
import { patientBags } from './patient-bags.js';
import { tablesFile, tablesSchema, type Tables } from './table-data.js';

/**
 * Joins outcomes, tables and bags into the cohort (method.md 1.2, 1.3, 2.4 - 2.6) and counts who is left after
 * each rule. Reads `tables` and every `embed` artifact; writes `cohort.json` and `cohort-flow.json`.
 *
 * @throws HafError HAF_MODALITY_EMPTY when nobody has a modality of the experiment, HAF_COHORT_INVALID when the
 * rules leave nobody or only one outcome, HAF_FEATURES_INVALID when bags of one modality differ in width or
 * encoder
 */
export const cohort: StageCode = stageOf(({ inputs, config, modalities }) => {
  const tables = inputs.one('tables').json(tablesFile, tablesSchema);
  if (config.cohort.includeSites !== 'all') requireSites(tables);
  const files = inputs
    .all('embed')
    .map(embeddedBags)
    .filter(({ modality }) => modalities.includes(modality));
  const fromImages = new Set(files.filter((one) => one.fromImages).map(({ modality }) => modality));
  const bags = patientBags(files, config.data.wsi.sources);
  const joined = joinPatients(tables, bags, modalities);
  const labelled = joined.candidates.map(({ patient }) => patient);
  requireModalities(labelled, 'labelled patient', modalities, fromImages);

  const { kept, flow, problems } = include(joined.candidates, config.cohort);
  requireBothOutcomes(flow);
  requireModalities(kept, 'patient of the cohort', modalities, fromImages);
  const output: Cohort = {
    modalities: [...modalities],
    columns: columnsOf(tables, modalities),
    widths: bags.widths,
    precisions: bags.precisions,
    patients: [...kept],
  };
  return {
    type: 'output',
    files: { [cohortFile]: output, [flowFile]: flow },
    problems: [...bags.problems, ...joined.problems, ...problems],
    metrics: { patients: kept.length, deceased: kept.filter(({ y }) => y === 1).length },
  };
});

function embeddedBags(artifact: Artifact): EmbeddedBags {
  const { modality, file, patient, encoder } = artifact.unit;
  const name = file ?? (patient === undefined ? undefined : `the cores of patient ${patient}`);
  if (modality === undefined || name === undefined)
    throw new Error(`embed artifact ${artifact.id} does not say its modality and file`);
  return {
    ...{ artifact: artifact.id, modality, name },
    file: file ?? null,
    fromImages: encoder !== undefined,
    index: artifact.json(bagIndexFile, bagIndexSchema),
  };
}

const columnsOf = ({ tables }: Tables, modalities: readonly Modality[]): Cohort['columns'] =>
  Object.fromEntries(
    modalities.filter(isTableModality).map((modality) => [modality, tables[modality]?.columns ?? []]),
  );

function requireModalities(
  patients: readonly Patient[],
  who: string,
  modalities: readonly Modality[],
  fromImages: ReadonlySet<Modality>,
): void {
  for (const modality of modalities) {
    if (patients.some((patient) => isObserved(patient, modality))) continue;
    const images = fromImages.has(modality);
    const hold = images
      ? 'show tissue (tiles.csv of the run directory says what was found)'
      : 'hold instances';
    const [place, check] = isBagModality(modality)
      ? [
          filesKey(modality, images),
          `that its files ${hold}${modality === 'WSI' ? ' and are of primary slides' : ''}`,
        ]
      : [`data.tables.${modality}`, 'that its file has rows'];
    throw new HafError(
      'HAF_MODALITY_EMPTY',
      `No ${who} has ${modality}.`,
      `Check ${place}, ${check}, and that the ids are those of the outcomes; or take ${modality} out of modalities.`,
      { context: { modality, key: place } },
    );
  }
}

function requireBothOutcomes(flow: readonly FlowStep[]): void {
  const last = flow.at(-1);
  if (last !== undefined && last.deceased > 0 && last.deceased < last.patients) return;
  const funnel = flow.map(({ step, patients, deceased }) => `${step} ${patients} (${deceased} deceased)`);
  throw new HafError(
    'HAF_COHORT_INVALID',
    `The cohort needs living and deceased patients: ${funnel.join(' -> ')}.`,
    'Loosen the rules under cohort in the experiment file, or add patients.',
  );
}
