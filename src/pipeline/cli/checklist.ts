import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HafError } from '../core/errors.js';
import { counted } from '../core/wording.js';
import { checklistCsv, checklistMarkdown, filled, gapsOf } from '../reporting/checklist.js';
import { remark } from '../reporting/remark.js';
import { readRunRecord } from '../reporting/run-record.js';
import { tripodAi } from '../reporting/tripod-ai.js';
import { RunDirectory } from '../runs/run-directory.js';
import { assertIdle } from './ro-crate.js';
import type { ChecklistOptions } from './reporting-options.js';
import { printData, printJson, say } from './output.js';

/**
 * `checklist RUN`: writes the reporting checklists of a run into its directory.
 *
 * @throws HafError HAF_RUN_UNKNOWN for a run without a result, HAF_RUN_BUSY while a process works on it, HAF_USAGE
 * for checklist files that somebody has edited
 */
export function checklist(name: string, options: ChecklistOptions): Promise<void> {
  const directory = RunDirectory.findExperiment(options.runs, name);
  assertIdle(directory);
  const record = readRunRecord(directory);
  const lists = [tripodAi, remark].map((guideline) => ({ guideline, items: filled(guideline, record) }));
  const files = lists.flatMap(({ guideline, items }) => [
    [`${guideline.file}.md`, checklistMarkdown(guideline, items, record)] as const,
    [`${guideline.file}.csv`, checklistCsv(items)] as const,
  ]);
  if (!options.force) refuseEdited(directory, files);
  for (const [file, content] of files) directory.write(file, content);
  if (options.json)
    printJson(Object.fromEntries(lists.map(({ guideline, items }) => [guideline.file, items])));
  else {
    for (const { guideline, items } of lists)
      printData(
        `${directory.path}/${guideline.file}.md: ${counted(gapsOf(items), 'gap')} in ${counted(items.length, 'item')}`,
      );
    say('The gaps are for the authors to fill in.');
  }
  return Promise.resolve();
}

/** What the authors have written into a checklist must not be lost. */
function refuseEdited(
  { path }: RunDirectory,
  files: readonly (readonly [file: string, content: string])[],
): void {
  const edited = files.flatMap(([file, content]) => {
    const place = join(path, file);
    return existsSync(place) && readFileSync(place, 'utf8') !== content ? [place] : [];
  });
  if (edited.length === 0) return;
  throw new HafError(
    'HAF_USAGE',
    `${edited.join(', ')}: the file exists and has other content, for example what authors have filled in.`,
    'Move the file away, or add --force to replace it.',
  );
}
