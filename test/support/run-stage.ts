import { mkdtempSync, mkdirSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, tap } from 'rxjs';
import { rng } from '../../src/pipeline/core/rng.js';
import { Streams } from '../../src/pipeline/core/streams.js';
import type {
  Artifact,
  Checkpoints,
  EpochProgress,
  SourceFile,
  StageCode,
  StageName,
  StageOutput,
  Unit,
} from '../../src/pipeline/stage.js';
import { noCheckpoints } from '../../src/workers/job-checkpoints.js';
import { resolvedConfig, type Changes } from './resolved-config.js';

/** Files of an artifact by name: objects are stored as JSON, bytes as they are. */
export type ArtifactFiles = Readonly<Record<string, Uint8Array | object>>;

export interface StageRun {
  readonly config: Changes;
  readonly unit?: Unit;
  readonly sources?: readonly SourceFile[];
  /**
   * Makes the object that stores the checkpoints of the job, given the random streams of the job. By default, no
   * checkpoint is stored.
   */
  readonly checkpoints?: (streams: Streams) => Checkpoints;
  readonly inputs?: Partial<Record<StageName, readonly { id: string; unit?: Unit; files: ArtifactFiles }[]>>;
}

/** Writes an artifact to a scratch folder and returns read access to it. */
export function scratchArtifact(id: string, unit: Unit, files: ArtifactFiles): Artifact {
  const folder = mkdtempSync(join(tmpdir(), 'haf-artifact-'));
  mkdirSync(folder, { recursive: true });
  for (const [name, data] of Object.entries(files))
    writeFileSync(join(folder, name), data instanceof Uint8Array ? data : JSON.stringify(data));
  return {
    id,
    unit,
    json: (file, schema) => schema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
    bytes: (file) => readFileSync(join(folder, file)),
    path: (file) => join(folder, file),
    wait: (read) => read,
  };
}

/** Runs the code of one stage on given inputs, without a job graph or store. */
export async function runStage(
  code: StageCode,
  run: StageRun,
): Promise<{ output: StageOutput; progress: EpochProgress[] }> {
  const config = resolvedConfig(run.config);
  const artifacts = Object.fromEntries(
    Object.entries(run.inputs ?? {}).map(([role, list]) => [
      role,
      list.map(({ id, unit, files }) => scratchArtifact(id, unit ?? {}, files)),
    ]),
  ) as Partial<Record<StageName, Artifact[]>>;
  const streams = new Streams((purpose) => rng(config.seed, `test/${purpose}`));
  const progress: EpochProgress[] = [];
  const last = await lastValueFrom(
    code({
      unit: run.unit ?? {},
      config,
      sources: run.sources ?? [],
      rng: (purpose) => streams.of(purpose),
      checkpoints: run.checkpoints?.(streams) ?? noCheckpoints,
      inputs: {
        all: (role) => artifacts[role] ?? [],
        one: (role) => {
          const [only, ...others] = artifacts[role] ?? [];
          if (!only || others.length > 0) throw new Error(`expected one "${role}" artifact`);
          return only;
        },
      },
    }).pipe(tap((event) => event.type === 'epoch' && progress.push(event))),
  );
  if (last.type !== 'output') throw new Error('the stage ended without output');
  return { output: last, progress };
}
