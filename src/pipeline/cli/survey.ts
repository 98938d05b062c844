import { existsSync, statSync } from 'node:fs';
import { glob } from 'tinyglobby';
import type { FeatureContents } from '../../operators/preflight/feature-contents.js';
import type { Preflight } from '../../operators/preflight/preflight.js';
import type { UnusedTable, UsedTable } from '../../operators/survey/unused-tables.js';
import type { Config } from '../config/schema.js';
import { bagOf, slotsOfKind, tableOf } from '../config/slots.js';
import { HafError } from '../core/errors.js';
import { featureEndings } from '../core/file-endings.js';
import { fileReport, type FileUse } from '../sources/file-report.js';
import { findFiles, nameFiles, type DataFiles } from '../sources/find-sources.js';
import { matchingFiles } from '../sources/matching-files.js';
import { unlistedFolder, type UnlistedFolder } from '../sources/why-unreadable.js';
import { slideGlob, surveySlides, type SlideProblem, type SlideSurvey } from './survey-slides.js';

/** Something that is missing or cannot be used, and what to do about it. */
export interface SurveyFinding {
  /** The modality, or `cohort`. */
  readonly modality: string;
  readonly what: string;
  readonly fix: string;
}

/** The contents of a cohort folder, as an experiment uses them. */
export interface Survey {
  readonly root: string;
  /** The result of the checks that `up` makes before a run. Null if files that these checks need are missing. */
  readonly checks: Preflight | null;
  /** The slides of the experiment. If all its bags come from other files: all slides in the folder. */
  readonly slides: readonly SlideSurvey[];
  /** Problems of slides that can be read, for example an unknown mpp. */
  readonly slideWarnings: readonly SlideProblem[];
  /** The content of the feature files that were read. Null if the checks could not be made. */
  readonly contents: FeatureContents | null;
  /** Every file of the folder with its use in the experiment. Empty if the checks could not be made. */
  readonly files: readonly FileUse[];
  /** Tables of the cohort's patients that no modality uses. */
  readonly unusedTables: readonly UnusedTable[];
  /** Folders that cannot be listed and that no finding mentions. */
  readonly unlisted: readonly UnlistedFolder[];
  readonly findings: readonly SurveyFinding[];
}

/** Seconds after which no further feature file is read for the sample. */
const sampleSeconds = 20;
/** Time limit for reading one file of the sample. */
const sampledFileSeconds = 10;

/**
 * Surveys a cohort folder for an experiment, with the same checks as `up`.
 *
 * @param root folder of the cohort
 * @param readAll reads every feature file instead of a sample
 * @throws HafError HAF_DATA_MISSING if the folder does not exist
 */
export async function surveyCohort(
  config: Config,
  root: string,
  { readAll = false }: { readonly readAll?: boolean } = {},
): Promise<Survey> {
  if (!existsSync(root) || !statSync(root).isDirectory())
    throw new HafError('HAF_DATA_MISSING', `There is no folder ${root}.`, 'Check the path of the cohort.');
  const seen = await surveySlides(config, root);
  const findings: SurveyFinding[] = [];
  let checks: Preflight | null = null;
  let uses: readonly FileUse[] = [];
  let unused: readonly UnusedTable[] = [];
  let contents: FeatureContents | null = null;
  try {
    const files = await nameFiles(await findFiles(config, root), config, root, { hashCache: null });
    const { preflight, tryFeatures } = await import('../../operators/preflight/preflight.js');
    const { faultyHeads } = await import('../../operators/preflight/file-heads.js');
    const found = await preflight(config, files);
    const told = new Set(found.warnings.map(({ file }) => file));
    const faulty = faultyHeads(files.bags).filter(({ file }) => !told.has(file));
    checks = { ...found, warnings: [...found.warnings, ...faulty] };
    const lost = files.unreadable.filter(({ severity }) => severity === 'failure');
    findings.push(
      ...lost.map(({ file, reason, fix }) => ({
        modality: 'cohort',
        what: `${file ?? ''}: ${reason}`,
        fix,
      })),
    );
    const { patients, unlabelled } = checks.outcome;
    const known = new Set([...patients.map(({ id }) => id), ...unlabelled]);
    uses = await fileReport(config, root, files, known, [...checks.warnings, ...files.unreadable]);
    const { unusedTables } = await import('../../operators/survey/unused-tables.js');
    const left = uses.filter(({ use }) => use === null).map(({ file }) => file);
    unused = await unusedTables(root, left, usedTables(config, files), known);
    const unfit = await tryFeatures(config, files, slotsOfKind(config, 'bag'));
    findings.push(...[...checks.refusals, ...unfit].map(findingOf));
    contents = await contentsOf(config, files, checks, unfit, readAll);
  } catch (error) {
    if (!(error instanceof HafError)) throw error;
    findings.push(findingOf(error), ...(await otherFiles(config, root, error)));
  }
  const { slides, warnings: slideWarnings } = seen;
  const all = [...findings, ...seen.findings];
  const unlisted = (await unlistedBelow(root)).filter(
    ({ folder }) => !all.some(({ what }) => what.includes(folder)),
  );
  return {
    ...{ root, checks, slides, slideWarnings, contents, files: uses },
    ...{ unusedTables: unused, unlisted, findings: all },
  };
}

function usedTables(config: Config, { outcome, tables }: DataFiles): readonly UsedTable[] {
  return [
    ...outcome.map(({ name }) => ({ file: name, sheet: config.data.outcome.sheet })),
    ...tables.flatMap(({ modality, sources }) =>
      sources.map(({ name }) => ({ file: name, sheet: tableOf(config, modality).sheet })),
    ),
  ];
}

const findingOf = ({ what, fix, context }: HafError): SurveyFinding => ({
  modality: typeof context['modality'] === 'string' ? context['modality'] : 'cohort',
  what: what.trimEnd(),
  fix,
});

/** The problems that `up` will list for the feature files, without those that the checks have reported. */
async function contentsOf(
  config: Config,
  files: Pick<DataFiles, 'bags'>,
  { outcome, warnings }: Preflight,
  unfit: readonly HafError[],
  readAll: boolean,
): Promise<FeatureContents> {
  const { featureContents } = await import('../../operators/preflight/feature-contents.js');
  const { limits } = config.embed;
  const end = Date.now() + 1000 * sampleSeconds;
  const found = await featureContents(
    config,
    files.bags,
    // A modality without a file that fits the experiment is left out, because one finding reports all its files.
    slotsOfKind(config, 'bag').filter((id) => !unfit.some(({ context }) => context['modality'] === id)),
    {
      known: new Set(outcome.patients.map(({ id }) => id)),
      limits: readAll ? limits : { ...limits, seconds: Math.min(limits.seconds, sampledFileSeconds) },
      goOn: () => readAll || Date.now() < end,
    },
  );
  const told = new Set(warnings.map(({ file, reason }) => JSON.stringify([file, reason])));
  return {
    ...found,
    problems: found.problems.filter(({ file, reason }) => !told.has(JSON.stringify([file, reason]))),
  };
}

async function unlistedBelow(root: string): Promise<readonly UnlistedFolder[]> {
  const unlisted: UnlistedFolder[] = [];
  await matchingFiles('**/*', root, {
    dot: true,
    onUnreadable: ({ name, code }) => unlisted.push(...unlistedFolder(name, code)),
  });
  return unlisted;
}

/** If the glob of a modality matched no file (HAF_MODALITY_EMPTY): the feature files and slides in the whole folder. */
async function otherFiles(
  config: Config,
  root: string,
  { code }: HafError,
): Promise<readonly SurveyFinding[]> {
  if (code !== 'HAF_MODALITY_EMPTY') return [];
  const find = async (pattern: string): Promise<readonly string[]> =>
    (await glob(pattern, { cwd: root, onlyFiles: true })).sort();
  const features = await find(`**/*{${featureEndings.join(',')}}`);
  const slides = await find(slideGlob);
  const [modality = 'cohort'] = slotsOfKind(config, 'bag').filter((id) => bagOf(config, id).files !== null);
  const found = (what: string, key: string, files: readonly string[]): readonly SurveyFinding[] =>
    files.length === 0
      ? []
      : [
          {
            modality,
            what: `There are ${files.length} ${what} here, such as ${files[0] ?? ''}.`,
            fix: `If they belong to the modality, set data.modalities.${modality}.${key} to a glob that matches them.`,
          },
        ];
  return [...found('feature files', 'files', features), ...found('slides', 'slides', slides)];
}
