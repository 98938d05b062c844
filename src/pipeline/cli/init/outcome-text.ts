import type { OutcomeDraft } from '../../../operators/survey/outcome-draft.js';
import { code, comment, commentedOut, line, section } from './yaml-text.js';

type Outcome = NonNullable<OutcomeDraft['chosen']>;

/** The section `data.outcome`. Other columns that may be the outcome follow as comments. */
export function outcomeLines({ chosen, alternatives }: OutcomeDraft): readonly string[] {
  if (chosen === null)
    return [
      comment(
        2,
        'No column looks like an outcome. Name the file, the column and its values, and remove the "#":',
      ),
      ...commentedOut(2, [
        section(2, 'outcome'),
        line(4, 'file', 'FILE.csv'),
        line(4, 'event', { column: 'STATUS', positive: ['dead'], negative: ['alive'] }),
        line(4, 'time', { column: 'OS_MONTHS', unit: 'months' }),
      ]),
    ];
  return [
    ...blockOf(chosen),
    ...alternatives.flatMap((other) => [
      comment(
        2,
        `Another column that may be the outcome. To take it, remove the "#" here and the section above.`,
      ),
      ...commentedOut(2, blockOf(other)),
    ]),
  ];
}

function blockOf({
  table,
  column,
  positive,
  negative,
  others,
  events,
  without,
  because,
  time,
}: Outcome): readonly string[] {
  const values = { positive: positive.map(code), negative: negative.map(code) };
  return [
    section(2, 'outcome'),
    line(4, 'file', table.file),
    ...(table.sheet === null ? [] : [line(4, 'sheet', table.sheet)]),
    section(4, 'event', `${events} patients with the event, ${without} without`),
    line(6, 'column', column),
    line(6, 'positive', values.positive, `the event. ${because}`),
    line(
      6,
      'negative',
      values.negative,
      others.length === 0
        ? undefined
        : `patients with ${others.map((value) => `"${value}"`).join(', ')} are left out`,
    ),
    ...(time === null
      ? []
      : [
          line(4, 'kind', 'binary', 'timeToEvent trains on the times below (docs/time-to-event.md)'),
          line(
            4,
            'time',
            { column: time.column, unit: time.unit },
            `from ${time.least} to ${time.most}; ${time.named ? 'the name of the column says the unit' : 'the unit is a guess from these numbers'}`,
          ),
        ]),
  ];
}
