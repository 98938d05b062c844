import { describe, expect, it } from 'vitest';
import { chosenJobs, type JobChoice } from '../../src/pipeline/cli/chosen-jobs.js';
import { replayTable, versionHint } from '../../src/pipeline/cli/replay-text.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import type { JobOutcome } from '../../src/pipeline/run-graph.js';
import type { StageName, Unit } from '../../src/pipeline/stage.js';
import type { Manifest } from '../../src/pipeline/store/store.js';
import { testManifest } from '../support/manifests.js';

describe('the jobs that replay and explain select', () => {
  const jobs: readonly { readonly stage: StageName; readonly unit: Unit }[] = [
    { stage: 'split', unit: {} },
    ...[0, 1, 2].map((fold) => ({ stage: 'stage1' as const, unit: { fold } })),
    ...[0, 2].map((fold) => ({ stage: 'stage3' as const, unit: { fold, method: 'haf' } })),
    { stage: 'latent', unit: { fold: 0 } },
  ];
  const chosen = (choice: JobChoice) => chosenJobs(jobs, (job) => job, choice);

  it('are those of the stage and of the fold', () => {
    expect(chosen({})).toEqual(jobs);
    expect(chosen({ stage: 'stage3' })).toHaveLength(2);
    expect(chosen({ stage: 'stage3', fold: 2 })).toEqual([jobs[5]]);
    expect(chosen({ fold: 2 })).toEqual([jobs[3], jobs[5]]);
  });

  it.each<[JobChoice, string]>([
    [{ stage: 'stage1', fold: 7 }, 'The run has no stage1 job in fold 7. It has the folds 0 to 2.'],
    [{ stage: 'stage3', fold: 1 }, 'The run has no stage3 job in fold 1. It has the folds 0 and 2.'],
    [{ stage: 'latent', fold: 1 }, 'The run has no latent job in fold 1. It has fold 0.'],
    [{ fold: 7 }, 'The run has no job in fold 7. It has the folds 0 to 2.'],
    [{ stage: 'split', fold: 0 }, 'No split job of the run belongs to a fold.'],
    [{ stage: 'joint' }, 'The run has no joint job. Its stages: split, stage1, stage3 and latent.'],
  ])('are named where there is none: %j', (choice, what) => {
    expect(() => chosen(choice)).toThrow(expect.objectContaining({ code: 'HAF_USAGE', what }));
  });
});

describe('a replay', () => {
  const manifest = (content: string, recipe = 'recipe'): Manifest => ({
    ...testManifest([{ name: 'a.csv', sha256: sha256(content), bytes: 1 }], 1, recipe),
    metrics: { valAuc: content.length / 10 },
  });
  const replayed = (old: Manifest, now: Manifest) => ({
    before: new Map([[old.key, old]]),
    outcomes: [{ state: 'done', manifest: now } as JobOutcome],
  });

  it('shows what was and what is, and says nothing more when the bytes are the same', () => {
    const same = replayed(manifest('abc'), manifest('abc'));
    expect(replayTable(same, { before: 'before', now: 'now' })).toMatch(
      /split valAuc +0\.3000 +0\.3000 +same/,
    );
    expect(versionHint(same)).toBeNull();
  });

  it('says that the version of the stage must be raised when the same recipe gave other bytes', () => {
    const changed = replayed(manifest('abc'), manifest('abcd'));
    expect(replayTable(changed, { before: 'before', now: 'now' })).toMatch(/0\.3000 +0\.4000 +other bytes/);
    expect(versionHint(changed)).toMatch(
      /split wrote other bytes.*raise "version" of this stage in src\/pipeline\/stages\.ts/,
    );
  });

  it('does not say so when the recipe is another one', () => {
    expect(versionHint(replayed(manifest('abc'), manifest('abcd', 'other recipe')))).toBeNull();
  });
});
