import type { Artifact, SourceFile, StageCode, StageContext, StageOutput } from '../../pipeline/stage.js';
import { joinSpreads, readSpread, type InstanceSpread } from '../bundle/bag-spread.js';
import { readBundle, type OpenBundle } from '../bundle/open-bundle.js';
import { predictedFile, predictedSchema, spreadFile, type Predicted } from '../bundle/predicted-data.js';
import { rosterFile, rosterSchema } from '../bundle/roster-data.js';
import { rosterTables } from '../bundle/roster-tables.js';
import { outcomeFile, outcomeSchema } from '../cohort/outcome-data.js';
import { figureFiles } from '../report/figure.js';
import { stageOf } from '../stage-of.js';
import { quantile } from '../stats/quantile.js';
import { riskCuts, riskGroups, type RiskGroups } from '../survival/risk-groups.js';
import { groupsOf, readGroupings, type GroupingColumn } from './grouping-columns.js';
import { internalFigures } from './internal-figures.js';
import { measuresOf } from './measures.js';
import { drawValidation } from './draw-validation.js';
import { shiftOf } from './shift.js';
import { validatedSubgroups, type PatientGroup } from './subgroups.js';
import { validatedPatients, type ValidatedPatient } from './validated-patients.js';
import { validationFile, validationPageFile, type Shift, type Validation } from './validation-data.js';
import { validationPage } from './validation-page.js';
import { validationTables } from './validation-tables.js';

/**
 * Compares the predictions of a bundle with the outcomes of patients on whom its model was not trained. Reads
 * `predictions`, `predict` (mean and spread of the bags), `roster` and `outcome`. Sources: `bundle`, and the tables
 * with the columns of `unit.by` in the roles `outcome` and `table:<modality>`. Writes `validation.json`,
 * `validation.html`, tables and charts.
 *
 * @throws HafError HAF_COHORT_INVALID if no patient has a prediction and an outcome, HAF_USAGE for a missing column of
 * `unit.by`
 */
export const validation: StageCode = stageOf(async (context) => {
  const { inputs, sources, config, unit, rng } = context;
  const opened = openedIn(sources);
  const { bundle } = opened;
  const predicted = inputs.one('predictions').json(predictedFile, predictedSchema);
  const known = inputs.one('outcome').json(outcomeFile, outcomeSchema);
  const { patients, withoutOutcome, withoutData, problems } = validatedPatients(predicted, known, config);
  const { outcome } = predicted;
  const internal = internalFigures(bundle);
  const { metrics, calibration, decision, notes } = measuresOf(patients, outcome, {
    ...{ internal, threshold: medianThreshold(opened), tau: config.survival.tau },
    modalities: bundle.modalities.map(({ id }) => id),
    random: rng,
  });
  const groupings = await readGroupings(unit.by ?? [], sources, config.data);
  const risk = riskGroupsOf(patients);
  const result: Validation = {
    method: predicted.method,
    outcome,
    patients: {
      predicted: predicted.patients.length,
      validated: patients.length,
      positive: patients.filter(({ y }) => y === 1).length,
      withoutOutcome: [...withoutOutcome],
      withoutData,
    },
    ...{ metrics: [...metrics], calibration: [...calibration], decision: [...decision] },
    riskGroups: risk && riskSummary(risk),
    subgroups: [...validatedSubgroups(groupsIn(patients, groupings, predicted), outcome, rng)],
    shift: [...shiftIn(context, opened)],
    notes: [...notes],
  };
  const figures = await drawValidation(result, patients, risk?.found ?? null);
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  const output: StageOutput = {
    type: 'output',
    files: {
      [validationFile]: result,
      [validationPageFile]: utf8(validationPage(result, figures)),
      ...Object.fromEntries(
        Object.entries(validationTables(result, patients)).map(([name, text]) => [name, utf8(text)]),
      ),
      ...Object.fromEntries(figures.flatMap(figureFiles).filter(([, content]) => content.length > 0)),
    },
    problems,
    metrics: { patients: patients.length, [metrics[0]?.id ?? '']: metrics[0]?.external ?? null },
  };
  return output;
});

function openedIn(sources: readonly SourceFile[]): OpenBundle {
  const file = sources.find(({ role }) => role === 'bundle');
  if (file === undefined) throw new Error('validation was given no bundle');
  return readBundle(file.path, file.name);
}

/** The median of the thresholds that the folds chose on their validation patients. Null without calibration. */
function medianThreshold({ folds }: OpenBundle): number | null {
  const thresholds = folds.flatMap(({ record }) => record.calibration?.threshold ?? []).sort((a, b) => a - b);
  return thresholds.length === 0 ? null : quantile(thresholds, 0.5);
}

interface CutGroups {
  readonly cut: number;
  readonly found: RiskGroups;
}

/** The patients with a follow-up time, divided at the median prediction. Null if there is no such patient. */
function riskGroupsOf(patients: readonly ValidatedPatient[]): CutGroups | null {
  const timed = patients.flatMap(({ id, risk, followUp }) =>
    followUp === null ? [] : [{ patient: id, fold: 0, risk, ...followUp }],
  );
  if (timed.length === 0) return null;
  const cuts = riskCuts(timed.map(({ risk }) => risk));
  return { cut: cuts[0] as number, found: riskGroups(timed, new Map([[0, cuts]])) };
}

const riskSummary = ({ cut, found: { groups, logRank } }: CutGroups): Validation['riskGroups'] => ({
  cut,
  groups: groups.map(({ name, patients, events, median }) => ({
    ...{ name, patients, events, median: median.days },
  })),
  ...{ chiSquare: logRank.chiSquare, p: logRank.p, reason: logRank.reason },
});

/** Groups of patients: first by each requested column, then by the set of modalities that the model used. */
function groupsIn(
  patients: readonly ValidatedPatient[],
  groupings: readonly GroupingColumn[],
  { patients: predicted }: Predicted,
): readonly PatientGroup[] {
  const byId = new Map(patients.map((patient) => [patient.id, patient]));
  const ids = [...byId.keys()];
  const expected = new Map(
    predicted.map(({ modalities, expected: worth }) => [modalities.join(' + '), worth]),
  );
  const patterns = new Map<string, ValidatedPatient[]>();
  for (const patient of patients) {
    const pattern = patient.modalities.join(' + ');
    patterns.set(pattern, [...(patterns.get(pattern) ?? []), patient]);
  }
  return [
    ...groupings.flatMap((column) =>
      [...groupsOf(column, ids)].map(([group, members]) => ({
        ...{ by: column.name, group, internal: null },
        patients: members.map((id) => byId.get(id) as ValidatedPatient),
      })),
    ),
    ...[...patterns]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([pattern, members]) => ({
        ...{ by: 'modalities', group: pattern === '' ? 'nothing' : pattern, patients: members },
        internal: expected.get(pattern) ?? null,
      })),
  ];
}

function shiftIn({ inputs }: StageContext, { bundle, reference }: OpenBundle): readonly Shift[] {
  const roster = inputs.one('roster');
  const parts = inputs.all('predict').map((part: Artifact) => part.bytes(spreadFile));
  return shiftOf({
    ...{ modalities: bundle.modalities, trained: bundle.cohort.patients, reference },
    roster: roster.json(rosterFile, rosterSchema),
    tables: rosterTables(roster, bundle),
    bags: new Map(
      bundle.modalities.flatMap(({ id }): [string, InstanceSpread][] => {
        const joined = joinSpreads(parts.flatMap((bytes) => readSpread(bytes, id) ?? []));
        return joined === null ? [] : [[id, joined]];
      }),
    ),
  });
}
