import type { FolderSurvey } from '../../../operators/survey/survey-folder.js';
import { textTable } from '../text-table.js';
import { usable } from './experiment-text.js';

/** The results of a survey as lines for the terminal: modalities, outcome, guesses, and files that are not used. */
export function foundLines(survey: FolderSurvey): readonly string[] {
  const { tables, outcome, left, idNames } = survey;
  const { bags, pictures } = usable(survey);
  const guesses = guessesOf(survey);
  return [
    textTable(
      ['modality', 'kind', 'files', 'patients', 'with outcome', 'holds'],
      [
        ...tables.map(({ modality, file, patients, matched, inputs }) => [
          ...[modality, 'table', file, `${patients}`, `${matched}`, `${inputs} columns`],
        ]),
        ...bags.map(({ modality, glob, fit, matched, width }) => [
          ...[modality, 'bag', glob, `${fit.patients.size}`, `${matched}`],
          width === null ? 'pictures' : `instances of ${width}`,
        ]),
      ],
    ),
    '',
    `Id column: ${idNames.map((name) => `"${name}"`).join(', ') || 'none was found'}`,
    ...outcomeText(outcome),
    ...section('Not used', [
      ...left.map(({ file, reason }) => `${file}: ${reason}`),
      ...pictures.map(
        ({ glob }) =>
          `${glob}: images need an encoder (embed.encoder.onnx); the file lists them as a comment`,
      ),
      ...tables.flatMap(({ modality, leaks }) =>
        leaks.map(({ name, note }) => `${modality}, column "${name}": ${note}`),
      ),
    ]),
    ...section('Guesses to check', guesses),
  ];
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((text) => `  ${text}`)];

function outcomeText({ chosen }: FolderSurvey['outcome']): readonly string[] {
  if (chosen === null)
    return ['Outcome: no column looks like one. The file cannot run before data.outcome is set.'];
  const { table, column, positive, negative, events, without, because, time } = chosen;
  const quoted = (values: readonly string[]): string => values.map((value) => `"${value}"`).join(' or ');
  return [
    `Outcome: "${column}" of ${table.file}; ${quoted(positive)} is the event (${events} patients), ${quoted(negative)} is no event (${without}). ${because}`,
    ...(time === null ? [] : [`Time: "${time.column}" in ${time.unit}`]),
  ];
}

/** The guesses of the survey that a user should check before training, one sentence for each. */
export function guessesOf({ outcome, bags, tables }: FolderSurvey): readonly string[] {
  const { chosen, alternatives } = outcome;
  const time = chosen?.time ?? null;
  const others = alternatives.map(({ column }) => `"${column}"`).join(', ');
  return [
    ...(chosen !== null && alternatives.length > 0
      ? [
          `"${chosen.column}" was taken as the outcome; ${others} may be it as well and ${alternatives.length === 1 ? 'is' : 'are'} in the file as a comment.`,
        ]
      : []),
    ...(chosen !== null && !chosen.sure ? [`data.outcome.event.positive: ${chosen.because}`] : []),
    ...(time !== null && !time.named
      ? [
          `data.outcome.time.unit: no word says the unit of "${time.column}"; its numbers suggest ${time.unit}.`,
        ]
      : []),
    ...bags.flatMap(({ modality, fit: { silent } }) =>
      silent.length === 0
        ? []
        : [
            `${modality}: ${silent.length} file names match no patient, such as ${silent[0] ?? ''}; "up" refuses such files.`,
          ],
    ),
    ...tables.flatMap(({ modality, columns }) => {
      const codes = columns.filter(({ note }) => note.endsWith('if these are codes'));
      return codes.length === 0
        ? []
        : [
            `${modality}: ${codes.map(({ name }) => `"${name}"`).join(', ')}: few whole numbers, taken as quantities. If they are codes, declare them nominal or ordinal.`,
          ];
    }),
  ];
}
