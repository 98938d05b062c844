import type { Bundle, Release } from '../../operators/bundle/bundle-data.js';

/** Three decimals, or a dash for an unknown value. */
const digits = (value: number | null): string => (value === null ? '-' : value.toFixed(3));

/**
 * The model card of a bundle, as Markdown: what the model is, which patients it was trained on, how well it performs,
 * and what is not known yet.
 */
export function modelCard(bundle: Bundle, release: Release): string {
  const { method, outcome, modalities, cohort, worth, check } = bundle;
  const metric = worth.metric === 'auc' ? 'AUC' : "Harrell's C";
  const best = worth.subsets.at(-1);
  return [
    `# Model card: ${method.title}`,
    '',
    `Method \`${method.id}\` of run \`${release.run}\`, made by haf-pipeline ${release.codeVersion} on ${release.createdAt.slice(0, 10)}. Licence: ${release.licence ?? 'not stated by the author'}.`,
    '',
    '## What it predicts',
    '',
    outcome.kind === 'binary'
      ? `The probability of "${outcome.words.positive}" against "${outcome.words.negative}" (column ${outcome.words.column}).`
      : `The time to "${outcome.words.positive}" (column ${outcome.words.column}): survival after ${outcome.horizons.join(', ')} years.`,
    `${bundle.folds} models, one for each fold of the cross-validation; a prediction is their mean.`,
    '',
    '## What it reads',
    '',
    ...modalities.map((modality) =>
      modality.kind === 'table'
        ? `- ${modality.id}: a table with the columns ${modality.columns.map(({ name }) => name).join(', ')}.`
        : `- ${modality.id}: bags of instances of ${modality.width} numbers, encoder ${modality.encoders.join(', ') || 'not named by the files'}, ${modality.mpp.length === 0 ? 'scale not named' : `${modality.mpp.join(', ')} micrometres per pixel`}; training bags had ${modality.rows[0]} to ${modality.rows[1]} instances.`,
    ),
    '',
    'A patient may lack any of them.',
    '',
    '## Training data',
    '',
    `${cohort.patients} patients, ${cohort.positive} ${outcome.words.positive}. Their ids are in the bundle as salted hashes, so that the program refuses to predict them as new patients. Short ids can be guessed and tested against these hashes.`,
    '',
    '## What it is worth',
    '',
    `Mean ${metric} of test patients over the folds, by what the model sees (all else hidden):`,
    '',
    `| modalities | ${metric} | standard deviation | test patients |`,
    '|---|---|---|---|',
    ...(worth.subsets.length > mostRows
      ? [...worth.subsets.slice(0, mostRows - 1), ...(best ? [best] : [])]
      : worth.subsets
    ).map(
      ({ modalities: of, mean, std, patients }) =>
        `| ${of.join(' + ')} | ${digits(mean)} | ${digits(std)} | ${patients} |`,
    ),
    ...(worth.subsets.length > mostRows
      ? ['', `bundle.json lists all ${worth.subsets.length} subsets.`]
      : []),
    '',
    `The bundled models scored ${check.predictions} test predictions again; the largest difference from the run is ${check.largestDifference}.`,
    '',
    '## Limits',
    '',
    'Research use. Not a medical device. The numbers above are of one cohort; check the model on patients of your own with `haf-pipeline validate` before you rely on it.',
    '',
    'For the author to fill in: intended use, population and setting, known failures, ethics approval, contact.',
    '',
  ].join('\n');
}

/** Maximum number of subsets of modalities that a card lists. */
const mostRows = 24;
