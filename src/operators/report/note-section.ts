import { groupedNotes } from '../evaluation/summary-tables.js';
import { html, type Html } from './html.js';
import { counted, listed } from '../../pipeline/core/wording.js';
import type { ReportInput } from './report-input.js';

/** A note and the folds it applies to. If it names no fold, it applies to the whole run. */
interface Note {
  readonly about: string;
  readonly text: string;
  readonly folds: readonly number[];
}

/** Notes that help to read the numbers. They come from the result table and from training. */
export function noteSection(input: ReportInput): Html {
  const notes = [...generalNotes(input), ...notesOf(input)];
  const items = notes.map(
    ({ about, text, folds }) =>
      html`<li><strong>${about}${folds.length === 0 ? '' : foldsText(folds)}:</strong> ${text}</li>`,
  );
  return html`<section>
    <h2>Notes and warnings</h2>
    ${
      items.length === 0
        ? html`<p>Nothing to note.</p>`
        : html`<ul>
            ${items}
          </ul>`
    }
    <p class="aside">${leftOutText(input)}</p>
  </section>`;
}

const foldsText = (folds: readonly number[]): string =>
  `, ${folds.length === 1 ? 'fold' : 'folds'} ${folds.join(', ')}`;

/** General notes on how to read the result table. Their texts contain numbers of this run. */
function generalNotes({ summary, config }: ReportInput): Note[] {
  const { majority } = summary.cohort;
  const run = (text: string): Note => ({ about: 'This run', text, folds: [] });
  const inTime = summary.survival !== undefined;
  return [
    inTime
      ? run(
          'Risks of different folds come from different models: every C compares patients of one fold alone.',
        )
      : run(
          `Always answering the more frequent class is right for ${(100 * majority).toFixed(1)} % of the patients. ` +
            'Accuracy at threshold 0.5 mostly reflects calibration, because training draws both classes equally often: rank methods by AUC.',
        ),
    ...(config.cv.mode === 'fixedTest' || config.cv.repeats > 1
      ? [
          run(
            'Folds test the same patients more than once, so their standard deviation does not tell how the result would vary with other patients; ' +
              (inTime ? 'the intervals of the differences do.' : 'the interval of the pooled AUC does.'),
          ),
        ]
      : []),
  ];
}

/**
 * The notes of the result table and of the training jobs. The notes of single evaluations are left out, because the
 * notes of the result table summarise them by method.
 */
function notesOf({ summary, training }: ReportInput): Note[] {
  return [
    ...groupedNotes(summary).map((note) => ({ ...note, about: shortened(note, summary), folds: [] })),
    ...grouped(
      training.flatMap(({ title, folds }) =>
        folds.flatMap(({ fold, history }) => [
          ...history.warnings.map((text) => ({ about: title, text, fold })),
          ...(history.skippedSteps === 0
            ? []
            : [
                {
                  about: title,
                  text: `${counted(history.skippedSteps, 'step')} left out because the loss was not finite.`,
                  fold,
                },
              ]),
        ]),
      ),
    ),
  ];
}

/** Maximum number of names in a note. */
const mostNamed = 6;

/** The methods that a note is about. A long list of them is shortened, for example to "All rows but a and b". */
function shortened(
  { about, text }: { about: string; text: string },
  { rows }: ReportInput['summary'],
): string {
  const others = rows.filter(({ notes }) => !notes.includes(text)).map(({ title }) => title);
  if (rows.length - others.length <= mostNamed || others.length > mostNamed) return about;
  return others.length === 0 ? 'All rows' : `All rows but ${listed(others)}`;
}

/** Joins the same note in several folds into one line that names the folds. */
function grouped(remarks: readonly { about: string; text: string; fold: number }[]): Note[] {
  const folds = new Map<string, { about: string; text: string; folds: number[] }>();
  for (const { about, text, fold } of remarks) {
    const key = JSON.stringify([about, text]);
    const note = folds.get(key) ?? { about, text, folds: [] };
    note.folds.push(fold);
    folds.set(key, note);
  }
  return [...folds.values()];
}

function leftOutText({ flow, training }: ReportInput): string {
  const leftOut = (flow[0]?.patients ?? 0) - (flow.at(-1)?.patients ?? 0);
  const histories = training.flatMap(({ folds }) => folds.map(({ history }) => history));
  const exhausted = histories.filter(({ stopped }) => stopped === 'epochs').length;
  return (
    `${counted(leftOut, 'patient')} left out. ` +
    `${counted(histories.length, 'training job')}, ${exhausted} of them ended at the last epoch without early stopping. ` +
    'problems.csv of the run directory lists every patient, slide and row that was left out.'
  );
}
