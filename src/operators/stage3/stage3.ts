import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { methodOf } from '../methods/registry.js';
import { hasAny } from '../embeddings/modality-inputs.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { loadBackend } from '../tensor/backend.js';
import { readJudgedFold, trainingOn } from '../criteria/judged-fold.js';
import { requireTraining } from '../tensor/fold-patients.js';
import { historyFile, type History } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { reportingStage, type ReportingControl } from '../tensor/reporting-stage.js';
import { bestDiscrimination, trainInStage } from '../tensor/train-in-stage.js';
import { trainMembers } from '../tensor/train-members.js';
import { ensembleOf, memberName } from '../heads/ensemble.js';
import type { Head } from '../heads/head.js';
import { HeadTraining } from '../heads/head-training.js';
import { classicRow } from './classic-row.js';
import { classifiedBags } from './classified-bags.js';
import { headsOf } from './method-head.js';
import { robustnessFile } from './robustness-data.js';
import { headPredictions, headRobustness } from './score-head.js';

/**
 * Trains the head of one method in one fold on frozen embeddings and scores the validation and test patients (method.md
 * 6, 8). Early stopping uses the validation patients. The test patients are scored once, at the end. A method that is
 * the bag classifier of an encoder has been trained in Stage 1 already.
 */
export const stage3 = reportingStage(trainMethod);

async function trainMethod(context: StageContext, control: ReportingControl): Promise<StageOutput> {
  const { unit, config } = context;
  const method = methodOf(unit.method ?? '');
  if (method.kind === 'bag') return classifiedBags(context);
  if (method.kind === 'classic') return classicRow(context, method);
  if (method.kind === 'instances') throw new Error(`${method.id} is trained by the joint stage`);
  const data = readJudgedFold(context, config.survival.loss);
  const { fold, criterion } = data;
  const { members, inputs } = await headsOf(context, criterion, method);
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter((patient) => hasAny(inputs, patient));
  const patients = having(fold.train);
  requireTraining(patients, inputs.map(({ modality }) => modality).join(' or '));

  const { name: backend } = await loadBackend();
  const networks = await trainMembers(context, { count: members.length, backend }, (own, member) => {
    const layer = members[member] as Head;
    const parameters = initialParameters(layer.layout, own.rng('init'));
    const model = new HeadTraining(layer, parameters, inputs, data, having(fold.val));
    return Promise.resolve({
      parameters,
      train: () => trainInStage(model, own, control, { ...trainingOn(data, patients), backend }),
    });
  });
  const head = ensembleOf(members);
  const parameters = joined(networks.map((network) => network.parameters));
  const histories = networks.map(({ history }) => history);
  const trained = { head, parameters, inputs };
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(head.layout, parameters)),
      ...(await headPredictions(trained, data)),
      ...historyFiles(histories),
      ...(method.kind === 'fusion'
        ? {
            [robustnessFile]: await headRobustness(
              trained,
              data,
              config.robustness.draws,
              context.rng('robustness'),
            ),
          }
        : {}),
    },
    metrics: bestDiscrimination(histories[0] as History, criterion.ranking),
  };
}

/** The parameters of all networks of an ensemble, concatenated. */
function joined(members: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(members.reduce((sum, { length }) => sum + length, 0));
  let from = 0;
  for (const own of members) {
    all.set(own, from);
    from += own.length;
  }
  return all;
}

/**
 * History files: one of the first network, which the learning curves and the job lines show, and one of each further
 * network of the ensemble.
 */
const historyFiles = (histories: readonly History[]): Readonly<Record<string, History>> =>
  Object.fromEntries(
    histories.map((history, member) => [
      member === 0 ? historyFile : historyFile.replace('.json', `-${memberName(member)}.json`),
      history,
    ]),
  );
