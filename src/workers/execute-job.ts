import { lastValueFrom, takeUntil, tap, fromEvent, throwIfEmpty, NEVER } from 'rxjs';
import type { Config } from '../pipeline/config/schema.js';
import { HafError } from '../pipeline/core/errors.js';
import type { Problem } from '../pipeline/core/problem.js';
import { streamOf, Streams } from '../pipeline/core/streams.js';
import type { Artifact, Inputs, StageContext, StageName } from '../pipeline/stage.js';
import { interrupted, type JobControl } from './executor.js';
import { JobCheckpoints, noCheckpoints, type CheckpointOptions } from './job-checkpoints.js';
import { stages } from '../pipeline/stages.js';
import type { ArtifactStore, StoredFile } from '../pipeline/store/store.js';
import { InputArtifact } from './input-artifact.js';
import type { ReadTime } from './timed-access.js';
import type { Work } from './work.js';

/** The result of a computed job. Its files are in the store; the manifest is not written yet. */
export interface JobResult {
  readonly files: readonly StoredFile[];
  readonly problems: readonly Problem[];
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly peakRssMiB: number;
  /** Seconds spent reading input artifacts, content checks included. */
  readonly readSeconds: number;
}

/** What a training process receives besides the job. */
export type TrainerControl = JobControl & CheckpointOptions;

/**
 * Computes one job in this thread or process. Without `control` there are no progress events and no checkpoints.
 *
 * @throws HafError, also for an aborted signal (HAF_INTERRUPTED)
 */
export async function executeJob(
  job: Work,
  store: ArtifactStore,
  control?: TrainerControl,
): Promise<JobResult> {
  const code = await stages[job.stage].load();
  const readTime: ReadTime = { seconds: 0 };
  const config = declaredKeys(job);
  const streams = new Streams((purpose) => streamOf(config.seed, job.stage, job.unit, purpose));
  const checkpoints = control && new JobCheckpoints(job, store, streams, control);
  const context: StageContext = {
    unit: job.unit,
    config,
    inputs: await openInputs(job, store, readTime),
    sources: job.sources,
    rng: (purpose) => streams.of(purpose),
    checkpoints: checkpoints ?? noCheckpoints,
  };
  if (control?.signal.aborted || control?.pause.aborted) throw interrupted(job);
  const last = await lastValueFrom(
    code(context).pipe(
      tap((event) => event.type === 'epoch' && control?.onEpoch(event)),
      takeUntil(control ? fromEvent(control.signal, 'abort') : NEVER),
      throwIfEmpty(() => interrupted(job)),
    ),
  ).finally(() => checkpoints?.settled());
  if (last.type !== 'output') throw interrupted(job);
  const files: StoredFile[] = [];
  for (const [name, data] of Object.entries(last.files)) {
    const bytes = data instanceof Uint8Array ? data : new TextEncoder().encode(JSON.stringify(data));
    files.push(await store.write(name, bytes));
  }
  const peakRssMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  const { problems = [], metrics = {} } = last;
  return { files, problems, metrics, peakRssMiB, readSeconds: readTime.seconds };
}

/**
 * The config with only the keys that the stage declared. A stage that read another key would depend on something that is
 * not in the artifact's id.
 */
function declaredKeys(job: Work): Config {
  const guarded = (part: object, path: string): object =>
    new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof name !== 'string' || name === 'toJSON' || name === 'then') return value;
        const key = `${path}${name}`;
        if (!(name in target))
          throw new Error(
            `Stage ${job.stage} reads config.${key}, which stages.ts does not list in its "reads"`,
          );
        const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
        return nested ? guarded(value, `${key}.`) : value;
      },
    });
  return guarded(job.config, '') as Config;
}

async function openInputs(job: Work, store: ArtifactStore, readTime: ReadTime): Promise<Inputs> {
  const opened = new Map<StageName, Artifact[]>();
  for (const { role, ids } of job.inputs) {
    const files = stages[job.stage].opens?.[role];
    const artifacts: Artifact[] = [];
    for (const id of ids) {
      const manifest = await store.manifest(id, files);
      if (!manifest)
        throw new HafError(
          'HAF_STORE_CORRUPT',
          `${job.key} needs a ${role} artifact (${id.slice(0, 12)}) that is not in the store.`,
          'Run the same command again: what is missing will be computed.',
          { context: { artifact: id } },
        );
      artifacts.push(new InputArtifact(manifest, files, store, readTime));
    }
    opened.set(role, artifacts);
  }
  const all = (role: StageName): readonly Artifact[] => opened.get(role) ?? [];
  return {
    all,
    one: (role) => {
      const [only, ...others] = all(role);
      if (!only || others.length > 0)
        throw new Error(`${job.key} expected one ${role} artifact, got ${all(role).length}`);
      return only;
    },
  };
}
