import type { SourceFile, StageName, Unit } from './stage.js';

/** One job of the graph: a stage applied to a unit. `key` is unique within the graph and readable. */
export interface JobNode {
  readonly key: string;
  readonly stage: StageName;
  readonly unit: Unit;
  /** Keys of the jobs whose artifacts this job reads, by the role of the artifacts. */
  readonly inputs: readonly { readonly role: StageName; readonly keys: readonly string[] }[];
  readonly sources: readonly SourceFile[];
  /** Jobs that must succeed first although this job reads none of their artifacts: cheap checks before long work. */
  readonly after: readonly string[];
}

/** Jobs in topological order: every job comes after the jobs it reads. */
export type Graph = readonly JobNode[];

const unitKey = (unit: Unit): string =>
  [
    unit.fold === undefined ? '' : `fold-${unit.fold}`,
    unit.modality ?? '',
    unit.union === true ? 'union' : '',
    unit.alignment ?? '',
    unit.method ?? '',
    unit.part === undefined ? '' : `part-${unit.part.index}-of-${unit.part.of}`,
    unit.patient === undefined || unit.file !== undefined ? '' : `patient-${unit.patient}`,
    unit.file ?? '',
  ]
    .filter((part) => part !== '')
    .join('/');

export const jobKey = (stage: StageName, unit: Unit = {}): string =>
  [stage, unitKey(unit)].filter((part) => part !== '').join('/');

/** Adds a job to a graph and returns its key. Input roles without jobs are left out. */
export type Add = (
  stage: StageName,
  unit: Unit,
  inputs: Partial<Record<StageName, readonly string[]>>,
  options?: { readonly sources?: readonly SourceFile[]; readonly after?: readonly string[] },
) => string;

export const adder =
  (jobs: JobNode[]): Add =>
  (stage, unit, inputs, { sources = [], after = [] } = {}) => {
    const key = jobKey(stage, unit);
    const roles = Object.entries(inputs).filter(([, keys]) => keys.length > 0) as [StageName, string[]][];
    jobs.push({ key, stage, unit, inputs: roles.map(([role, keys]) => ({ role, keys })), sources, after });
    return key;
  };

/** The given jobs and everything that reads them, directly or not. */
export function withDownstream(graph: Graph, keys: readonly string[]): Graph {
  const reached = new Set(keys);
  for (const job of graph) if (upstreamOf(job).some((key) => reached.has(key))) reached.add(job.key);
  return graph.filter((job) => reached.has(job.key));
}

/** Keys of the jobs that a job waits for. */
export const upstreamOf = (job: JobNode): readonly string[] => [
  ...job.inputs.flatMap(({ keys }) => keys),
  ...job.after,
];
