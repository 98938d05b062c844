import type { Rng } from '../../pipeline/core/rng.js';
import { designMatrix, fitDesign } from './design-matrix.js';
import { innerFoldsOf, type FittedModel } from './fit-ridge.js';
import { fitLogisticRidge } from './logistic-ridge.js';
import type { StackModel } from './model-data.js';
import { visibleRows, type PatientInputs } from './patient-inputs.js';
import { combinedColumns, meansMatrix } from './stack-scores.js';

/**
 * Number of copies of each training patient: one with all modalities of the patient, the others with each modality hidden with
 * probability 0.1, 0.2, ...
 */
const copies = 10;

/**
 * Number of random divisions of the patients into inner folds. Results are averaged over the divisions, so they depend
 * less on how a single division groups the patients.
 */
const divisions = 3;

type Part = StackModel['parts'][number];

/** One modality: its model, and the logit of each training patient from models that were not trained on this patient. */
interface FittedPart {
  readonly part: Part;
  readonly heldOut: ReadonlyMap<number, number>;
  readonly notes: readonly string[];
}

/**
 * One penalised logistic regression per modality, and one that combines their logits (method.md 12.2). The combination is trained on
 * logits of held-out training patients, with modalities hidden at random. So it has a score for every subset of modalities.
 *
 * @param training training patients with at least one modality
 * @param y class of each
 * @param streams random numbers: `folds` draws the inner folds, and `drop` hides modalities
 */
export function fitStack(
  training: PatientInputs,
  y: readonly (0 | 1)[],
  base: number,
  streams: { readonly folds: Rng; readonly drop: Rng },
): FittedModel<StackModel> {
  const modalities = [
    ...training.tables.map(({ modality }) => ({ from: 'table' as const, modality })),
    ...(training.bags ?? []).map(({ modality }) => ({ from: 'bag' as const, modality })),
  ];
  const fitted = modalities.map(({ from, modality }) => fitPart(from, modality, training, y, streams.folds));
  const parts = fitted.flatMap((one) => ('part' in one ? [one] : []));
  const notes = fitted.flatMap((one) => one.notes);
  const inner = innerFoldsOf(y, streams.folds, divisions);
  const rows = training.patients
    .flatMap((_, patient) =>
      Array.from({ length: copies }, (_, copy) => ({
        patient,
        scores: parts.map(({ heldOut }) => {
          const own = heldOut.get(patient);
          // A random number is drawn for every modality, even a missing one, so that a missing modality does not change
          // the random numbers of the other modalities.
          const hidden = streams.drop.uniform() < copy / copies;
          return own === undefined || hidden ? null : own;
        }),
      })),
    )
    .filter(({ scores }) => scores.some((logit) => logit !== null));
  const combination = fitLogisticRidge(
    combinedColumns(
      rows.map(({ scores }) => scores),
      base,
    ),
    rows.map(({ patient }) => y[patient] as 0 | 1),
    inner.map((fold) => Int32Array.from(rows, ({ patient }) => fold[patient] as number)),
    // No weight may be below 0: with a negative weight, a higher logit of a modality would lower the combined score.
    { choose: 'logLoss', nonNegative: true },
  );
  return {
    model: {
      ...{ kind: 'stack', base, parts: parts.map(({ part }) => part) },
      combination: combination.model,
    },
    notes: [...notes, ...combination.notes.map((note) => `combination: ${note}`)],
  };
}

function fitPart(
  from: Part['from'],
  modality: string,
  training: PatientInputs,
  y: readonly (0 | 1)[],
  random: Rng,
): FittedPart | { readonly notes: readonly string[] } {
  const { patients, tables, bags = [] } = training;
  const seen = visibleRows(training, [{ modality }]);
  const having = patients.flatMap((_, row) => (seen[row] === true ? [row] : []));
  const classes = having.map((row) => y[row] as 0 | 1);
  const inner = innerFoldsOf(classes, random, divisions);
  if (inner.length === 0) {
    const reason =
      'fewer than two training patients of a class have this modality; the method does not use it';
    return { notes: [`${modality}: ${reason}`] };
  }
  const ids = having.map((row) => patients[row] as string);
  const [shape, x] = partShape(from, modality, ids);
  const { model, heldOut, notes } = fitLogisticRidge(x, classes, inner, {
    choose: 'oneStandardError',
  });
  return {
    part: { ...shape, modality, logistic: model },
    heldOut: new Map(having.map((row, at) => [row, heldOut?.[at] as number])),
    notes: notes.map((note) => `${modality}: ${note}`),
  };

  function partShape(of: Part['from'], id: string, own: readonly string[]) {
    if (of === 'table') {
      const design = fitDesign(
        tables.filter((one) => one.modality === id),
        own,
        { marks: 'once' },
      );
      return [{ from: of, design }, designMatrix(design, tables, own)] as const;
    }
    const bag = bags.find((one) => one.modality === id);
    const width = bag?.width ?? 0;
    return [{ from: of, width }, meansMatrix(bag?.means, own, width)] as const;
  }
}
