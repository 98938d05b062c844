import { listed } from '../core/wording.js';
import type { JobOutcome } from '../run-graph.js';
import type { Manifest } from '../store/store.js';
import { textTable } from './text-table.js';

/** The results of a replay, and those of the run that is replayed. */
export interface Replayed {
  readonly outcomes: readonly JobOutcome[];
  /** The earlier manifest of each job, by the key of the job. */
  readonly before: ReadonlyMap<string, Manifest>;
}

/** The metrics of each job before and now, and whether the files have the same bytes. */
export function replayTable(
  { outcomes, before }: Replayed,
  names: { readonly before: string; readonly now: string },
): string {
  const rows = outcomes.flatMap((outcome) => {
    if (!('manifest' in outcome)) return [[outcome.job.node.key, '', '', outcome.state]];
    const { manifest } = outcome;
    const old = before.get(manifest.key);
    const bytes = !old ? 'no earlier result' : sameBytes(old, manifest) ? 'same bytes' : 'other bytes';
    const metrics = Object.keys(manifest.metrics);
    if (metrics.length === 0) return [[manifest.key, '', '', bytes]];
    return metrics.map((name) => [
      `${manifest.key} ${name}`,
      number(old?.metrics[name]),
      number(manifest.metrics[name]),
      bytes,
    ]);
  });
  return textTable(['job', names.before, names.now, ''], rows);
}

/**
 * What to do if a job with an unchanged recipe wrote other bytes. The code may have changed, because a recipe names
 * the version of a stage and not its code. Null if all jobs with an unchanged recipe wrote the same bytes as before.
 */
export function versionHint({ outcomes, before }: Replayed): string | null {
  const changed = outcomes.flatMap((outcome) => {
    if (!('manifest' in outcome)) return [];
    const { manifest } = outcome;
    const old = before.get(manifest.key);
    return old?.id === manifest.id && !sameBytes(old, manifest) ? [manifest.stage] : [];
  });
  if (changed.length === 0) return null;
  const stages = [...new Set(changed)];
  return `The recipe is unchanged, but ${listed(stages)} wrote other bytes. On a GPU the last digits may differ. If you changed the code, raise "version" of ${stages.length === 1 ? 'this stage' : 'these stages'} in src/pipeline/stages.ts: without it "up" takes results of the old code from the store.`;
}

const sameBytes = (a: Manifest, b: Manifest): boolean =>
  a.files.length === b.files.length &&
  a.files.every(({ name, sha256 }) => b.files.some((file) => file.name === name && file.sha256 === sha256));

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : value.toFixed(4);
