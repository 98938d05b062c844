import type { ErrorCode, HafError } from '../core/errors.js';
import type { Problem } from '../core/problem.js';
import { listed } from '../core/wording.js';
import { jobKey, type JobNode } from '../graph-jobs.js';
import type { JobOutcome } from '../run-graph.js';
import type { DataFiles } from '../sources/find-sources.js';
import { stages } from '../stages.js';

/**
 * A file of the user, or the cores of a patient, that a job could not use although it existed when the run was
 * planned.
 */
export interface LostFile {
  /** Keys of the jobs that compute bags from this file. There are several if modalities share the tiles of the file. */
  readonly embeds: readonly string[];
  readonly problem: Problem;
}

/** Errors that are caused by the file alone. Any other error would also occur with the next file, or is temporary. */
const faultsOfFiles: readonly ErrorCode[] = [
  'HAF_INTERNAL',
  'HAF_DATA_MISSING',
  'HAF_DATA_CHANGED',
  'HAF_FEATURES_INVALID',
  'HAF_INPUT_LIMIT',
  'HAF_SLIDE_UNREADABLE',
  'HAF_JOB_QUARANTINED',
];

/**
 * Whether the missing or changed file is the model of the encoder. Leaving out the slide of the job would not help,
 * because the job of the next slide needs the same model.
 */
const ofEncoder = ({ sources }: JobNode, { context: { files, sha256 } }: HafError): boolean =>
  sources.some(
    ({ role, name, sha256: content }) =>
      role === 'encoder' && (content === sha256 || (Array.isArray(files) && files.includes(name))),
  );

/** Whether a job failed because of its file. If so, the run can continue without the file. */
export const blamesFile = ({ job: { node }, error }: Extract<JobOutcome, { state: 'failed' }>): boolean =>
  stages[node.stage].perFile === true && faultsOfFiles.includes(error.code) && !ofEncoder(node, error);

/**
 * The files whose jobs failed, if the run can continue without them: no job failed for another reason.
 *
 * @param outcomes of all jobs of the run. The skipped jobs say which modalities share the tiles of a failed `tile` job.
 */
export function lostFiles(outcomes: readonly JobOutcome[]): readonly LostFile[] {
  const failed = outcomes.filter((outcome) => outcome.state === 'failed');
  if (!failed.every(blamesFile)) return [];
  const readers = readersOf(
    outcomes,
    failed.map(({ job }) => job.node.key),
  );
  return failed.map(({ job: { node }, error }) => {
    const reading = readers.get(node.key) ?? [];
    const { reason, fix } = remedyOf(error, node.key);
    return {
      embeds: [...new Set([jobKey('embed', node.unit), ...reading.map(({ key }) => key)])],
      problem: {
        severity: 'failure',
        stage: node.stage,
        patient: node.unit.patient ?? null,
        file: node.unit.file ?? null,
        place: null,
        reason: `${reason}${sharingText(reading)}`,
        fix,
      },
    };
  });
}

/**
 * The `embed` jobs that read the tiles of failed jobs, by the key of the failed job. All of them lose the bag in the
 * same attempt. If only the modality of the `tile` job lost the bag, the next attempt would plan this `tile` job for
 * the next modality, and it would fail again.
 */
function readersOf(
  outcomes: readonly JobOutcome[],
  failed: readonly string[],
): ReadonlyMap<string, readonly JobNode[]> {
  const readers = new Map<string, JobNode[]>(failed.map((key) => [key, []]));
  for (const { job } of outcomes)
    if (job.node.stage === 'embed')
      for (const { keys } of job.node.inputs) for (const key of keys) readers.get(key)?.push(job.node);
  return readers;
}

/** Names the modalities that lose the images. Empty if only one modality uses the tiles. */
const sharingText = (reading: readonly JobNode[]): string =>
  reading.length < 2
    ? ''
    : ` The modalities ${listed(reading.flatMap(({ unit }) => unit.modality ?? []))} use the same tiles. The run leaves these images out of all of them.`;

/**
 * Reason and fix for the owner of the cohort. The message of a missing file lists where a worker searched for it. These
 * places are not the cause, so they are left out.
 */
function remedyOf({ code, what, fix }: HafError, job: string): Pick<Problem, 'reason' | 'fix'> {
  if (code === 'HAF_DATA_MISSING')
    return {
      reason: 'It existed when the run was planned, but was missing when its job started.',
      fix: 'Put it back and run the same command again. Workers of other machines need --data, or --share-data.',
    };
  // The name of the job is removed: problems.csv has stage, patient and file in columns of their own.
  return { reason: what.startsWith(`${job}: `) ? what.slice(job.length + 2) : what, fix };
}

/** The files of an experiment without the lost ones. */
export function withoutLost(files: DataFiles, lost: readonly LostFile[]): DataFiles {
  const keys = new Set(lost.flatMap(({ embeds }) => embeds));
  return { ...files, bags: files.bags.filter(({ unit }) => !keys.has(jobKey('embed', unit))) };
}
