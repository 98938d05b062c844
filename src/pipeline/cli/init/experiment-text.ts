import type { FolderSurvey } from '../../../operators/survey/survey-folder.js';
import { bagLines, tableLines } from './modality-text.js';
import { outcomeLines } from './outcome-text.js';
import { comment, commentedOut, line, section } from './yaml-text.js';

const about: Readonly<Record<string, string>> = {
  haf: 'alignment of all modalities, trained with modalities left out at random',
  drop: 'the same fusion network and random modality drop, without alignment',
  all_mlp: 'a fusion network over all modalities, without drop and without alignment',
  ridge: 'penalised logistic regression on all tables: a simple model for comparison',
  stack: 'one such regression for each modality, combined',
};
const mostFolds = 5;
const eventsPerFold = 3;

/**
 * Number of folds, chosen so that the test patients of each fold include some of both outcomes.
 *
 * @param fewer number of patients with the rarer outcome
 */
export const foldsFor = (fewer: number): number =>
  Math.max(2, Math.min(mostFolds, Math.floor(fewer / eventsPerFold)));

/**
 * Divides the modalities that are bags. `bags` are written into the experiment. `pictures` are bags of images. They
 * need an encoder first, so their lines are commented out. If the folder has neither tables nor feature files, images
 * are in `bags`.
 */
export const usable = ({
  tables,
  bags,
}: FolderSurvey): { readonly bags: FolderSurvey['bags']; readonly pictures: FolderSurvey['bags'] } => {
  const features = bags.filter(({ kind }) => kind === 'features');
  return tables.length + features.length > 0
    ? { bags: features, pictures: bags.filter(({ kind }) => kind !== 'features') }
    : { bags, pictures: [] };
};

/**
 * The rows of the result table. Fusion needs two modalities. Each modality alone and simple models are included for
 * comparison.
 */
export function methodsFor(survey: FolderSurvey): readonly string[] {
  const bags = usable(survey).bags;
  const count = survey.tables.length + bags.length;
  return [
    ...(count > 1 ? ['haf', 'drop', 'all_mlp'] : []),
    ...bags.map(({ modality }) => `mil-${modality}`),
    ...survey.tables.map(({ modality }) => `table-${modality}`),
    ...(survey.tables.length > 0 ? ['ridge'] : []),
    ...(count > 1 ? ['stack'] : []),
  ];
}

/**
 * The experiment for a folder. Each line that a user may want to change has a comment.
 *
 * @param root the folder, relative to the file
 */
export function experimentText(
  survey: FolderSurvey,
  { name, root }: { readonly name: string; readonly root: string },
): string {
  const { idNames, outcome, tables } = survey;
  const { bags, pictures } = usable(survey);
  const methods = methodsFor(survey);
  const fewer = outcome.chosen === null ? null : Math.min(outcome.chosen.events, outcome.chosen.without);
  return [
    comment(
      0,
      'Written by "haf-pipeline init --from". Check three things: the id column, the outcome with its two groups, and how',
    ),
    comment(
      0,
      'files name patients. docs/own-cohort.md explains each part; "haf-pipeline config print -c FILE" shows all other keys.',
    ),
    line(0, 'name', name, `runs are called ${name}-<six letters and digits>`),
    '',
    section(0, 'methods', 'rows of the result table'),
    ...(methods.length === 0 ? [comment(2, '- haf')] : []),
    ...methods.map(
      (method) => `  - ${method} # ${about[method] ?? `${method.replace(/^(mil|table)-/, '')} alone`}`,
    ),
    '',
    section(0, 'data'),
    line(2, 'root', root, 'the folder of the cohort, relative to this file; --data DIR overrides it'),
    line(2, 'layout', 'own', 'this file declares everything'),
    section(2, 'patients'),
    line(
      4,
      'id',
      idNames.length === 1 ? idNames[0] : idNames.length === 0 ? 'PATIENT' : idNames,
      'the id column; ids are compared as exact text',
    ),
    ...outcomeLines(outcome),
    section(2, 'modalities'),
    ...tables.flatMap(tableLines),
    ...bags.flatMap(bagLines),
    ...pictures.flatMap((bag) => [
      comment(4, 'Pictures need an encoder: set embed.encoder.onnx to its file, then remove the "#".'),
      ...commentedOut(4, bagLines(bag)),
    ]),
    ...notUsed(survey),
    '',
    section(0, 'cohort'),
    line(2, 'require', [], 'modalities that every patient must have; [] keeps patients with at least one'),
    '',
    section(0, 'cv'),
    line(
      2,
      'folds',
      fewer === null ? mostFolds : foldsFor(fewer),
      fewer === null
        ? undefined
        : `parts of the patients, each tested once; the smaller group has ${fewer} patients`,
    ),
    line(2, 'repeats', 1, 'repetitions with other folds'),
    '',
  ].join('\n');
}

const notUsed = ({ left }: FolderSurvey): readonly string[] =>
  left.length === 0
    ? []
    : [comment(2, 'Not used:'), ...left.map(({ file, reason }) => comment(2, `  ${file}: ${reason}`))];
