import { methodOf } from '../operators/methods/registry.js';
import type { Config } from './config/schema.js';
import { isBagModality, inCanonicalOrder, type BagModality } from './core/modality.js';
import type { DataFiles } from './sources/find-sources.js';
import type { SourceFile, StageName, Unit } from './stage.js';

/** One job of the graph: a stage applied to a unit. `key` is unique within the graph and readable. */
export interface JobNode {
  readonly key: string;
  readonly stage: StageName;
  readonly unit: Unit;
  /** Keys of the jobs whose artifacts it reads, by the role they play. */
  readonly inputs: readonly { readonly role: StageName; readonly keys: readonly string[] }[];
  readonly sources: readonly SourceFile[];
  /** Jobs that must have succeeded first although nothing of them is read: cheap checks before long work. */
  readonly after: readonly string[];
}

/** Jobs in topological order: every job stands after the ones it reads. */
export type Graph = readonly JobNode[];

const unitKey = (unit: Unit): string =>
  [
    unit.fold === undefined ? '' : `fold-${unit.fold}`,
    unit.modality ?? '',
    unit.alignment ?? '',
    unit.method ?? '',
    unit.patient === undefined ? '' : `patient-${unit.patient}`,
    unit.file ?? '',
  ]
    .filter((part) => part !== '')
    .join('/');

export const jobKey = (stage: StageName, unit: Unit = {}): string =>
  [stage, unitKey(unit)].filter((part) => part !== '').join('/');

/** Adds a job to a graph and returns its key; roles without jobs are left out. */
type Add = (
  stage: StageName,
  unit: Unit,
  inputs: Partial<Record<StageName, readonly string[]>>,
  options?: { readonly sources?: readonly SourceFile[]; readonly after?: readonly string[] },
) => string;

const adder =
  (jobs: JobNode[]): Add =>
  (stage, unit, inputs, { sources = [], after = [] } = {}) => {
    const key = jobKey(stage, unit);
    const roles = Object.entries(inputs).filter(([, keys]) => keys.length > 0) as [StageName, string[]][];
    jobs.push({ key, stage, unit, inputs: roles.map(([role, keys]) => ({ role, keys })), sources, after });
    return key;
  };

/** A job that makes the bags of a modality. */
interface BagJob {
  readonly modality: BagModality;
  readonly key: string;
}

const keysOf = (jobs: readonly BagJob[], modality?: BagModality): readonly string[] =>
  jobs.filter((job) => modality === undefined || job.modality === modality).map(({ key }) => key);

/** The jobs that turn files into bags: tiles of images, then instances. */
function addBags(
  add: Add,
  config: Config,
  files: Pick<DataFiles, 'bags' | 'encoder'>,
  { after, until }: { readonly after: readonly string[]; readonly until: 'tile' | 'embed' },
): { readonly tile: readonly BagJob[]; readonly embed: readonly BagJob[] } {
  const images = files.bags.filter(({ kind }) => kind === 'images');
  // All tiling first: it is quick, and tells which slides cannot be used before any of them is encoded.
  const tile = images.map(({ modality, unit, sources }) => ({
    modality,
    key: add('tile', unit, {}, { sources, after }),
  }));
  if (until === 'tile') return { tile, embed: [] };
  const encoder = config.embed.encoder.standIn ? 'stand-in' : 'onnx';
  const embed = files.bags.map(({ modality, kind, unit, sources }) => ({
    modality,
    key:
      kind === 'features'
        ? add('embed', unit, {}, { sources, after })
        : add(
            'embed',
            { ...unit, encoder },
            { tile: [jobKey('tile', unit)] },
            // Coordinates have done their part in `tile`.
            { sources: [...sources.filter(({ role }) => role !== 'coords'), ...files.encoder] },
          ),
  }));
  return { tile, embed };
}

/** The jobs that turn given files into tiles or bags, without an experiment around them. */
export function buildBagGraph(
  config: Config,
  files: Pick<DataFiles, 'bags' | 'encoder'>,
  until: 'tile' | 'embed',
): Graph {
  const jobs: JobNode[] = [];
  addBags(adder(jobs), config, files, { after: [], until });
  return jobs;
}

/**
 * The jobs of an experiment over a cohort's files. Methods share what they can: one Stage 1 per fold and pathology
 * modality feeds every fusion method, one Stage 2 per fold every aligned one (method.md 7.1).
 */
export function buildGraph(config: Config, files: DataFiles): Graph {
  const jobs: JobNode[] = [];
  const add = adder(jobs);
  const tables = add('tables', {}, {}, { sources: files.tables });
  const { tile, embed } = addBags(add, config, files, { after: [tables], until: 'embed' });
  const cohort = add('cohort', {}, { tables: [tables], embed: embed.map(({ key }) => key) });
  const split = add('split', {}, { cohort: [cohort] }, { sources: files.splits });

  const methods = config.methods.map(methodOf);
  const fusion = methods.some((method) => method.kind === 'fusion');
  const aligned = methods.some((method) => method.kind === 'fusion' && method.embedding === 'aligned');
  const bags = fusion ? inCanonicalOrder(config.modalities).filter(isBagModality) : [];
  const made = {
    stage1: [] as string[],
    stage2: [] as string[],
    stage3: [] as string[],
    evaluate: [] as string[],
  };
  for (let fold = 0; fold < config.cv.folds; fold++) {
    const base = { cohort: [cohort], split: [split] };
    const preprocess = [add('preprocess', { fold }, base)];
    const stage1 = bags.map((modality) =>
      add('stage1', { fold, modality }, { ...base, embed: keysOf(embed, modality) }),
    );
    bags.forEach((modality, at) =>
      add(
        'heatmap',
        { fold, modality },
        {
          ...base,
          stage1: stage1.slice(at, at + 1),
          tile: keysOf(tile, modality),
          embed: keysOf(embed, modality),
        },
      ),
    );
    const stage2 = aligned
      ? [add('stage2', { fold, alignment: 'svd' }, { ...base, preprocess, stage1 })]
      : [];
    for (const method of methods) {
      const reads = method.kind === 'single' ? {} : method.embedding === 'aligned' ? { stage2 } : { stage1 };
      const unit = { fold, method: method.id };
      const stage3 = add('stage3', unit, { ...base, preprocess, ...reads });
      made.stage3.push(stage3);
      made.evaluate.push(add('evaluate', unit, { stage3: [stage3] }));
    }
    made.stage1.push(...stage1);
    made.stage2.push(...stage2);
  }
  const aggregate = add('aggregate', {}, { cohort: [cohort], stage3: made.stage3, evaluate: made.evaluate });
  const data = { tile: keysOf(tile), embed: keysOf(embed), cohort: [cohort], split: [split] };
  add('report', {}, { ...data, aggregate: [aggregate], ...made });
  return jobs;
}

/** The given jobs and everything that reads them, directly or not. */
export function withDownstream(graph: Graph, keys: readonly string[]): Graph {
  const reached = new Set(keys);
  for (const job of graph) if (upstreamOf(job).some((key) => reached.has(key))) reached.add(job.key);
  return graph.filter((job) => reached.has(job.key));
}

/** Keys a job waits for. */
export const upstreamOf = (job: JobNode): readonly string[] => [
  ...job.inputs.flatMap(({ keys }) => keys),
  ...job.after,
];
