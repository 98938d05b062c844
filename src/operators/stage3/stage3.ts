import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { methodOf } from '../methods/registry.js';
import { hasAny } from '../embeddings/modality-inputs.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { loadBackend } from '../tensor/backend.js';
import { readJudgedFold, trainingOn } from '../criteria/judged-fold.js';
import { requireTraining } from '../tensor/fold-patients.js';
import { historyFile } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { reportingStage, type ReportingControl } from '../tensor/reporting-stage.js';
import { bestDiscrimination, trainInStage } from '../tensor/train-in-stage.js';
import { HeadTraining } from '../heads/head-training.js';
import { classicRow } from './classic-row.js';
import { classifiedBags } from './classified-bags.js';
import { headOf } from './method-head.js';
import { robustnessFile } from './robustness-data.js';
import { headPredictions, headRobustness } from './score-head.js';

/**
 * Trains the head of one method in one fold on frozen embeddings and scores the validation and test patients (method.md
 * 6, 8). Early stopping watches the validation patients; the test patients are scored once, at the end. A method that is the
 * classifier of a Stage-1 encoder has been trained there.
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
  const { head, inputs } = await headOf(context, criterion, method);
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter((patient) => hasAny(inputs, patient));
  const patients = having(fold.train);
  requireTraining(patients, inputs.map(({ modality }) => modality).join(' or '));

  const { name: backend } = await loadBackend();
  const parameters = initialParameters(head.layout, context.rng('init'));
  const model = new HeadTraining(head, parameters, inputs, data, having(fold.val));
  const history = await trainInStage(model, context, control, {
    ...trainingOn(data, patients),
    backend,
  });
  const trained = { head, parameters, inputs };
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(head.layout, parameters)),
      ...(await headPredictions(trained, data)),
      [historyFile]: history,
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
    metrics: bestDiscrimination(history, criterion.ranking),
  };
}
