import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunHead, Sections, TimeLeft, WorkerRow } from '../../page/wire.js';
import { progressOf, scoresOf, shownScore, spreadOf, stagesOf, type RunState } from '../observe/run-state.js';
import type { StageName } from '../stage.js';
import { stages } from '../stages.js';

/** What a page shows in addition to the state of the run. */
export interface Surroundings {
  readonly run: string;
  readonly unread: number;
  readonly link: RunHead['link'];
  readonly driven: boolean | null;
  /** The directory of the run. Null if this machine does not have it. */
  readonly hasFiles: string | null;
  readonly perMinute: (stage: StageName) => number;
  readonly reads: ReadonlyMap<string, readonly string[]>;
  readonly workers: readonly WorkerRow[];
}

/** Maximum number of failures on the page. `haf-pipeline failures` shows all. */
const mostFailures = 200;

/** All sections of the page of a run. */
export function pageSections(state: RunState, around: Surroundings): Sections {
  const { name, title } = shownScore(state);
  const failures = [...(state.ledger?.failures.values() ?? [])];
  const planned = new Set<string>(state.plan.map(({ stage }) => stage));
  return {
    head: headOf(state, around),
    stages: stagesOf(state).map((row) => ({
      ...row,
      about: stages[row.stage].about,
      perMinute: around.perMinute(row.stage),
      reads: (around.reads.get(row.stage) ?? []).filter((stage) => planned.has(stage)),
    })),
    running: state.running.map(({ encoding, ...job }) => ({
      ...job,
      tiles: encoding?.tiles ?? null,
      ofTiles: encoding?.ofTiles ?? null,
    })),
    workers: around.workers,
    scores: {
      title,
      folds: state.folds,
      rows: state.methods.map((method) => {
        const folds = scoresOf(state, method, name);
        const spread = spreadOf(folds.filter((score) => typeof score === 'number'));
        return {
          method,
          folds: folds.map((score) => (score === undefined ? null : (score ?? 'n/a'))),
          ...{ mean: spread?.mean ?? null, sd: spread?.sd ?? null, n: spread?.n ?? 0 },
        };
      }),
    },
    failures: failures.slice(0, mostFailures).map(({ job, stage, state: end, code, what, fix }) => ({
      ...{ job, stage, state: end, code, what, fix },
      command: `haf-pipeline failures ${around.run}`,
    })),
  };
}

function headOf(state: RunState, { run, unread, link, driven, hasFiles }: Surroundings): RunHead {
  const { ended, jobs } = progressOf(state);
  const { finished, startedAt, lastAt, bus, ledger } = state;
  const running = driven === false ? 'interrupted' : startedAt === null ? 'preparing' : 'running';
  return {
    ...{ run, startedAt, lastAt, bus, ended, jobs, unread, link },
    state: finished ? finished.outcome : running,
    seconds: finished?.seconds ?? null,
    failures: ledger?.failures.size ?? 0,
    report: hasFiles !== null && existsSync(join(hasFiles, 'report.html')),
    results: hasFiles !== null && existsSync(join(hasFiles, 'summary.json')),
    left: finished || driven === false ? null : timeLeft(state),
  };
}

/**
 * Estimate of the remaining time: the remaining jobs of each stage times the mean seconds of its finished jobs,
 * divided by the number of jobs that run at once now. Stages without a finished job are named, because their time is
 * unknown. Null before any job has run.
 */
export function timeLeft(state: RunState): TimeLeft | null {
  const atOnce = Math.max(1, state.running.length);
  let [work, known] = [0, false];
  const without: string[] = [];
  for (const { stage, waiting, queued, running } of stagesOf(state)) {
    const open = waiting + queued + running;
    if (open === 0) continue;
    const took = state.ledger?.took(stage);
    if (took === undefined || took.jobs === 0) without.push(stage);
    else {
      known = true;
      work += (open - running / 2) * (took.seconds / took.jobs);
    }
  }
  return known ? { seconds: Math.round(work / atOnce), without } : null;
}
