import type { Preflight } from '../../operators/preflight/preflight.js';
import { paletteFor, say } from './output.js';
import { warningText } from './survey-text.js';

/** Number of modalities and of warnings that are shown one by one. */
const told = { modalities: 12, warnings: 5 };

/** Says how the files of a run were joined, and which of them look doubtful: one line per modality. */
export function sayChecks(checks: Preflight | null): void {
  if (checks === null) return;
  const colors = paletteFor(process.stderr);
  const { outcome, joins, warnings } = checks;
  const positive = outcome.patients.filter(({ y }) => y === 1).length;
  const { words, patients, unlabelled } = outcome;
  say(
    `outcome: ${patients.length - positive} ${words.negative}, ${positive} ${words.positive}${unlabelled.length === 0 ? '' : `, ${unlabelled.length} left out`}`,
  );
  for (const { modality, kind, patients: count, matched, without, files } of joins.slice(0, told.modalities))
    say(
      `${modality}: ${kind === 'table' ? 'table' : `${files} files`} of ${count} patients, ${matched} with an outcome${without === 0 ? '' : `; ${without} patients do not have it`}`,
    );
  if (joins.length > told.modalities)
    say(`and ${joins.length - told.modalities} more modalities, in joins.csv`);
  for (const warning of warnings.slice(0, told.warnings))
    say(`${colors.yellow('warning')} ${warningText(warning)}`);
  if (warnings.length > told.warnings)
    say(
      `${colors.yellow('warning')} and ${warnings.length - told.warnings} more; "haf-pipeline inspect" lists them`,
    );
}
