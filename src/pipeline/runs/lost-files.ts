import type { ErrorCode, HafError } from '../core/errors.js';
import type { Problem } from '../core/problem.js';
import { jobKey, type JobNode } from '../graph.js';
import type { JobOutcome } from '../run-graph.js';
import type { DataFiles } from '../sources/find-sources.js';
import { stages } from '../stages.js';

/** A file of the user's, or the cores of a patient, that a job could not use although it was there when the run was planned. */
export interface LostFile {
  /** Key of the job that makes its bags. */
  readonly embed: string;
  readonly problem: Problem;
}

/** Faults that lie in the file, or that only this file brings about; any other would meet the next one as well, or pass. */
const faultsOfFiles: readonly ErrorCode[] = [
  'HAF_INTERNAL',
  'HAF_DATA_MISSING',
  'HAF_DATA_CHANGED',
  'HAF_FEATURES_INVALID',
  'HAF_INPUT_LIMIT',
  'HAF_SLIDE_UNREADABLE',
  'HAF_JOB_QUARANTINED',
];

/** Whether it is the model that is gone or another one: without the slide the next one would meet the same. */
const ofEncoder = ({ sources }: JobNode, { context: { files, sha256 } }: HafError): boolean =>
  sources.some(
    ({ role, name, sha256: content }) =>
      role === 'encoder' && (content === sha256 || (Array.isArray(files) && files.includes(name))),
  );

/** Whether a job failed for its file: then the run can go on without the file. */
export const blamesFile = ({ job: { node }, error }: Extract<JobOutcome, { state: 'failed' }>): boolean =>
  stages[node.stage].perFile === true && faultsOfFiles.includes(error.code) && !ofEncoder(node, error);

/** The files whose jobs failed, when the run could go on without them: nothing failed besides. */
export function lostFiles(outcomes: readonly JobOutcome[]): readonly LostFile[] {
  const failed = outcomes.filter((outcome) => outcome.state === 'failed');
  if (!failed.every(blamesFile)) return [];
  return failed.map(({ job: { node }, error }) => ({
    embed: jobKey('embed', node.unit),
    problem: {
      severity: 'failure',
      stage: node.stage,
      patient: node.unit.patient ?? null,
      file: node.unit.file ?? null,
      place: null,
      ...remedyOf(error, node.key),
    },
  }));
}

/** In the words of somebody who has the cohort: where a worker looks for files is not what went wrong. */
function remedyOf({ code, what, fix }: HafError, job: string): Pick<Problem, 'reason' | 'fix'> {
  if (code === 'HAF_DATA_MISSING')
    return {
      reason: 'It was there when the run was planned, and could not be found when its turn came.',
      fix: 'Put it back and run the same command again; workers of other machines need --data, or --share-data.',
    };
  // The job's name stands in the columns beside it.
  return { reason: what.startsWith(`${job}: `) ? what.slice(job.length + 2) : what, fix };
}

/** The files of an experiment without the lost ones. */
export function withoutLost(files: DataFiles, lost: readonly LostFile[]): DataFiles {
  const keys = new Set(lost.map(({ embed }) => embed));
  return { ...files, bags: files.bags.filter(({ unit }) => !keys.has(jobKey('embed', unit))) };
}
