import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import type { FileStore } from '../../src/pipeline/store/file-store.js';
import type { StoredFile } from '../../src/pipeline/store/store.js';
import { stageNames, type StageName, type Unit } from '../../src/pipeline/stage.js';
import type { Work } from '../../src/workers/work.js';
import { testJob } from './jobs.js';
import type { MiniInputs } from './mini-cohort.js';
import { resolvedConfig, type Changes } from './resolved-config.js';

/** A job whose inputs are in a store, ready to be computed. */
export async function storedJob(
  store: FileStore,
  stage: StageName,
  { config, unit, inputs }: { config: Changes; unit: Unit; inputs: MiniInputs },
): Promise<Work> {
  const resolved = resolvedConfig(config);
  const roles = stageNames.filter((role) => inputs[role] !== undefined);
  const stored = await Promise.all(
    roles.map(async (role) => ({
      role,
      ids: await Promise.all((inputs[role] ?? []).map((artifact) => put(store, role, artifact))),
    })),
  );
  const job = testJob(`${stage}-job`, { stage, unit });
  return { ...job, config: resolved, inputs: stored, root: store.root };
}

async function put(
  store: FileStore,
  stage: StageName,
  { id, unit, files }: NonNullable<MiniInputs[StageName]>[number],
): Promise<string> {
  const stored: StoredFile[] = [];
  for (const [name, data] of Object.entries(files)) {
    const bytes = data instanceof Uint8Array ? data : new TextEncoder().encode(JSON.stringify(data));
    stored.push(await store.write(name, bytes));
  }
  const facts = { worker: 'test', seconds: 0, peakRssMiB: 0, codeVersion: 'test' };
  const about = { v: 1 as const, id: sha256(id), key: id, stage, unit: unit ?? {} };
  return (await store.commit({ ...about, ...facts, files: stored, problems: [], metrics: {} })).id;
}
