import type { Config } from '../../pipeline/config/schema.js';
import { slotsOf } from '../../pipeline/config/slots.js';
import { sha256 } from '../../pipeline/core/canonical-json.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Artifact, Inputs, StageContext, StageOutput } from '../../pipeline/stage.js';
import { modalityOf, readCohort, type Cohort } from '../cohort/cohort-data.js';
import { summaryFile, summarySchema } from '../evaluation/summary-data.js';
import { slotsReadBy, type Method } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { splitsFile, splitsSchema } from '../splits/split-data.js';
import { readTypedTable } from '../tables/typed-table-data.js';
import { loadBackend } from '../tensor/backend.js';
import { reportingStage, type ReportingControl } from '../tensor/reporting-stage.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import {
  bundleFile,
  bundleSchemaVersion,
  foldArraysFile,
  foldFile,
  referenceFile,
  saltedHash,
  type Bundle,
} from './bundle-data.js';
import { recordDraws } from './drawn-maps.js';
import { foldParts, streamsOfTraining } from './fold-parts.js';
import { agreementWith } from './agreement.js';
import { bagReference } from './bag-reference.js';
import { modalitiesOfBundle } from './bundle-modalities.js';
import { scoringData } from './scoring-data.js';
import { scoringModel } from './scoring-model.js';
import { WorthOfSubsets } from './worth.js';

/**
 * Collects everything that a trained method needs for new patients into the files of a bundle (bundle-data.ts): for each fold the
 * fitted preprocessing, encoders, maps and head; and how well each subset of the modalities performs. The model of every fold is then
 * loaded from these files and scores its test patients again. If the scores differ from those of the run, no bundle is made.
 *
 * @throws HafError HAF_BUNDLE_UNFIT when the scores differ
 */
export const bundle = reportingStage(makeBundle);

async function makeBundle(context: StageContext, { emit, signal }: ReportingControl): Promise<StageOutput> {
  const { inputs, unit } = context;
  const config = JSON.parse(JSON.stringify(context.config)) as Config;
  const method = methodOf(unit.method ?? '');
  const cohort = readCohort(inputs);
  const { folds, hash } = inputs.one('split').json(splitsFile, splitsSchema);
  const tables = new Map(
    inputs.all('tables').map((artifact) => [modalityOf(artifact), readTypedTable(artifact)]),
  );
  const data = scoringData(cohort, inputs.all('embed'), tables);
  await loadBackend();
  const inTime = config.data.outcome.kind === 'timeToEvent';

  const files: Record<string, Uint8Array | object> = {};
  const worth = new WorthOfSubsets();
  const agreements: { readonly predictions: number; readonly largestDifference: number }[] = [];
  for (const fold of folds.keys()) {
    signal.throwIfAborted();
    const { record, arrays, judged } = foldParts(context, config, method, fold);
    const { streams, drawn } = recordDraws(streamsOfTraining(config, method, fold));
    const model = await scoringModel(
      { method, config, record, arrays, widths: cohort.widths, rng: streams },
      data,
    );
    agreements.push(await agreementWith(trainedIn(inputs, fold), model, cohort, inTime));
    await worth.add(model, judged);
    files[foldFile(fold)] = record;
    files[foldArraysFile(fold)] = writeSafetensors({ ...arrays, ...drawn() });
    emit({ type: 'epoch', epoch: fold + 1, epochs: folds.length, metrics: {} });
  }
  const check = {
    predictions: agreements.reduce((sum, { predictions }) => sum + predictions, 0),
    largestDifference: Math.max(0, ...agreements.map(({ largestDifference }) => largestDifference)),
  };
  assertAgreement(check.largestDifference);
  const slots = slotsReadBy(method, slotsOf(config));
  const about: Bundle = {
    format: 'haf-pipeline bundle',
    schema: bundleSchemaVersion,
    method: { id: method.id, title: method.title },
    outcome: {
      kind: config.data.outcome.kind,
      words: cohort.outcome,
      horizons: inTime ? config.survival.horizons : [],
    },
    modalities: modalitiesOfBundle(slots, cohort, tables, inputs.all('embed')),
    config: { ...config },
    folds: folds.length,
    cohort: {
      patients: cohort.patients.length,
      positive: cohort.patients.filter(({ y }) => y === 1).length,
    },
    trained: trainedPatients(cohort, hash),
    worth: { metric: inTime ? 'c' : 'auc', subsets: worth.table() },
    results: resultsOf(inputs.one('aggregate'), method),
    check,
  };
  files[bundleFile] = about;
  files[referenceFile] = writeSafetensors(await bagReference(slots, data));
  return { type: 'output', files, metrics: { largestDifference: check.largestDifference } };
}

/** The artifact that holds the predictions of a fold. */
function trainedIn(inputs: Inputs, fold: number): Artifact {
  const found = inputs.all('stage3').find(({ unit }) => unit.fold === fold);
  if (found === undefined) throw new Error(`The bundle was given no predictions of fold ${fold}`);
  return found;
}

/**
 * Largest accepted difference of a score. Another backend changes only the last digits. A larger difference is a fault.
 */
const mostDifference = 1e-3;

function assertAgreement(difference: number): void {
  if (difference <= mostDifference) return;
  throw new HafError(
    'HAF_BUNDLE_UNFIT',
    `The bundled models give other scores than the run: they differ by up to ${difference}.`,
    'Make the bundle with the backend that the run was trained with (--backend), and report it if that does not help.',
    { context: { difference } },
  );
}

/**
 * The ids of all patients of the cohort as salted hashes. The salt depends only on the folds, so that the same run
 * gives the same bundle.
 */
function trainedPatients({ patients }: Cohort, splitHash: string): Bundle['trained'] {
  const salt = sha256(`bundle/${splitHash}`).slice(0, 32);
  return { salt, hashes: patients.map(({ id }) => saltedHash(salt, id)).sort() };
}

function resultsOf(aggregate: Artifact, { id }: Method): Bundle['results'] {
  const row = aggregate.json(summaryFile, summarySchema).rows.find(({ method }) => method === id);
  if (row === undefined) throw new Error(`The summary of the run has no row ${id}`);
  return { ...row };
}
