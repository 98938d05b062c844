import { csvText } from '../core/csv.js';
import { counted } from '../core/wording.js';
import type { RunRecord } from './run-record.js';

/** An item of a reporting guideline. */
export interface GuidelineItem {
  /** Number of the item as published, for example "12c". */
  readonly number: string;
  readonly section: string;
  /** What the item asks for, in short. */
  readonly asks: string;
  /** Sentences about the item from the files of the run. Empty if the files say nothing about it. */
  readonly known?: (record: RunRecord) => readonly string[];
  /** What only the authors can write. Absent if the files of the run answer the item completely. */
  readonly gap?: string;
}

export interface Guideline {
  readonly title: string;
  /** Name of the checklist files, without the file ending. */
  readonly file: string;
  readonly source: string;
  readonly items: readonly GuidelineItem[];
}

/** An item with its answers for one run. */
export interface FilledItem extends Pick<GuidelineItem, 'number' | 'section' | 'asks'> {
  readonly known: readonly string[];
  /** What the authors still have to fill in. Null if nothing is left. */
  readonly gap: string | null;
}

/** The mark before text that the authors have to write. */
export const gapMark = 'To be filled in by the authors';

/**
 * The items of a guideline for one run. If the files of the run say nothing about an item, the item is a gap that the
 * authors fill in.
 */
export const filled = ({ items }: Guideline, record: RunRecord): readonly FilledItem[] =>
  items.map(({ number, section, asks, known, gap }) => {
    const facts = known?.(record) ?? [];
    return {
      ...{ number, section, asks, known: facts },
      gap: gap ?? (facts.length === 0 ? 'the run does not know it' : null),
    };
  });

export const gapsOf = (items: readonly FilledItem[]): number =>
  items.filter(({ gap }) => gap !== null).length;

/** Escapes text that has a meaning in a Markdown table. */
const cell = (text: string): string => text.replace(/\r?\n/g, ' ').replaceAll('|', String.raw`\|`);

/** The checklist as Markdown, one table for each section. */
export function checklistMarkdown(
  { title, source }: Guideline,
  items: readonly FilledItem[],
  { info }: RunRecord,
): string {
  const sections = [...new Set(items.map(({ section }) => section))];
  return [
    `# ${title}`,
    '',
    `Run ${info.run}, haf-pipeline ${info.codeVersion}, started ${info.createdAt.slice(0, 10)}. Items are shortened from ${source}; the published text is binding.`,
    '',
    `${counted(gapsOf(items), 'gap')} of ${counted(items.length, 'item')}: search for "${gapMark}".`,
    ...sections.flatMap((section) => [
      '',
      `## ${section}`,
      '',
      '| item | asks for | answer |',
      '|---|---|---|',
      ...items
        .filter((item) => item.section === section)
        .map(({ number, asks, known, gap }) => {
          const answer = [...known.map(cell), ...(gap === null ? [] : [`**${gapMark}:** ${cell(gap)}`])];
          return `| ${number} | ${cell(asks)} | ${answer.join('<br>')} |`;
        }),
    ]),
    '',
  ].join('\n');
}

/** The checklist as CSV, one line for each item. */
export const checklistCsv = (items: readonly FilledItem[]): string =>
  csvText(
    ['item', 'section', 'asks_for', 'from_the_run', 'to_be_filled_in'],
    items.map(({ number, section, asks, known, gap }) => [number, section, asks, known.join(' '), gap]),
  );
