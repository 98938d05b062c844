import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, Subject, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import type { Job } from '../../src/pipeline/bus/job.js';
import { HafError, type ErrorCode } from '../../src/pipeline/core/errors.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import { makePlan } from '../../src/pipeline/plan.js';
import { parseRecipe } from '../../src/pipeline/recipe.js';
import { runGraph, type JobOutcome } from '../../src/pipeline/run-graph.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import type { Manifest } from '../../src/pipeline/store/store.js';
import { simpleWorker } from '../support/simple-worker.js';
import { testConfig, testFiles } from '../support/jobs.js';

interface Run {
  readonly outcomes: readonly JobOutcome[];
  /** Keys of the jobs that were computed, in order. */
  readonly log: readonly string[];
  readonly jobs: readonly Job[];
  readonly events: readonly RunEvent[];
  readonly root: string;
}

/** Simulates a bad disk. Both functions return the error that a reader of the artifact gets. */
interface Damage {
  /** Moves an artifact aside, like a reader that finds the artifact damaged. */
  readonly now: (key: string) => HafError;
  /** The artifact has already been moved aside by another reader. */
  readonly before: (key: string) => HafError;
}

interface Options {
  readonly lanes?: number;
  readonly root?: string;
  readonly misbehave?: (job: Job, damage: Damage) => void;
  readonly force?: ReadonlySet<string>;
  readonly accept?: (manifest: Manifest, damage: Damage) => void;
}

async function run({ lanes = 2, misbehave, accept, force, ...options }: Options = {}): Promise<Run> {
  const root = options.root ?? mkdtempSync(join(tmpdir(), 'haf-graph-'));
  const [store, bus, config] = [new FileStore(root), new InProcessBus(), testConfig()];
  const plan = await makePlan(buildGraph(config, testFiles()), config, store);
  const idOf = (key: string): string => plan.find(({ node }) => node.key === key)?.id ?? '';
  const damage: Damage = {
    now: (key) => {
      const id = idOf(key);
      rmSync(join(root, 'artifacts', id.slice(0, 2), `${id}.json`), { force: true });
      return damage.before(key);
    },
    before: (key) =>
      new HafError('HAF_STORE_CORRUPT', `${key} is damaged.`, 'Again.', { context: { artifact: idOf(key) } }),
  };
  const jobs: Job[] = [];
  const worker = simpleWorker(bus, store, lanes, (job) => {
    jobs.push(job);
    misbehave?.(job, damage);
  });
  const [events, seen] = [new Subject<RunEvent>(), [] as RunEvent[]];
  events.subscribe((event) => seen.push(event));
  bus.events('r').subscribe(events);
  const graph = runGraph({
    ...{ run: 'r', config, plan, bus, events, store, codeVersion: '7.0.0' },
    ...(force ? { force } : {}),
    ...(accept ? { accept: (manifest) => Promise.resolve(accept(manifest, damage)) } : {}),
  });
  try {
    const outcomes = await lastValueFrom(graph.pipe(toArray()));
    return { outcomes, log: jobs.map(({ key }) => key), jobs, events: seen, root };
  } finally {
    await worker.stop();
    await bus.close();
  }
}

const states = ({ outcomes }: Run): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { state } of outcomes) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};
const keysOf = ({ outcomes }: Run, state: JobOutcome['state']): readonly string[] =>
  outcomes
    .filter((outcome) => outcome.state === state)
    .map(({ job }) => job.node.key)
    .sort();
const errorOf = ({ outcomes }: Run, key: string): HafError => {
  const outcome = outcomes.find(({ job }) => job.node.key === key);
  if (outcome?.state !== 'failed') throw new Error(`${key} did not fail`);
  return outcome.error;
};
const timesRun = ({ log }: Run, key: string): number => log.filter((other) => other === key).length;

/** A function that throws the error in its first `times` calls, and does nothing afterwards. */
const atFirst = (times: number, error: () => Error): (() => void) => {
  let called = 0;
  return () => {
    if (called++ < times) throw error();
  };
};
const failure = (code: ErrorCode): HafError => new HafError(code, 'A test.', 'See above.');
const afterSplit = [
  'preprocess',
  'stage1',
  'heatmap',
  'stage2',
  'stage3',
  'latent',
  'evaluate',
  'aggregate',
  'report',
];
const isAfterSplit = (key: string): boolean => afterSplit.some((stage) => key.startsWith(stage));

describe('running a graph', () => {
  it('computes every job once, after what it reads, for any number of lanes', async () => {
    for (const lanes of [1, 3]) {
      const whole = await run({ lanes });
      const { outcomes, log } = whole;
      expect(states(whole)).toEqual({ done: outcomes.length });
      expect(new Set(log).size).toBe(log.length);
      expect(log.indexOf('split')).toBeGreaterThan(log.indexOf('cohort'));
      expect(log.indexOf('stage3/fold-0/haf')).toBeGreaterThan(log.indexOf('stage2/fold-0/svd'));
      expect(log.at(-1)).toBe('report');
    }
  });

  it('takes everything from the store the second time', async () => {
    const { root } = await run();
    const again = await run({ root });
    expect(again.log).toEqual([]);
    expect(states(again)).toEqual({ cached: again.outcomes.length });
  });

  it('computes forced jobs again and keeps the rest', async () => {
    const { root } = await run();
    const { log, jobs } = await run({ root, force: new Set(['stage2/fold-0/svd']) });
    expect(log).toEqual(['stage2/fold-0/svd']);
    expect(jobs[0]?.replace).toBe(true);
  });

  it('stores the recipe of a job before the job is queued, under the artifact’s own id', async () => {
    const { jobs, root, events } = await run();
    for (const { artifact, stage, unit, codeVersion, replace } of jobs) {
      const text = readFileSync(join(root, 'blobs', artifact.slice(0, 2), artifact), 'utf8');
      expect(parseRecipe(text, artifact)).toMatchObject({ stage, unit });
      expect([codeVersion, replace]).toEqual(['7.0.0', false]);
    }
    const typesOf = (key: string): readonly string[] =>
      events.flatMap((event) => ('job' in event && event.job === key ? [event.type] : []));
    expect(typesOf('split')).toEqual(['job-queued', 'job-started', 'job-done']);
  });

  it('skips what depends on a failed job, and finishes the rest', async () => {
    const misbehave = ({ key }: Job): void => {
      if (key === 'stage2/fold-0/svd') throw failure('HAF_TRAINING_DIVERGED');
    };
    const half = await run({ misbehave });
    const skipped = ['aggregate', 'evaluate/fold-0/haf', 'latent/fold-0/svd', 'report', 'stage3/fold-0/haf'];
    expect(keysOf(half, 'failed')).toEqual(['stage2/fold-0/svd']);
    expect(keysOf(half, 'skipped')).toEqual(skipped);
    expect(errorOf(half, 'stage2/fold-0/svd')).toMatchObject({
      code: 'HAF_TRAINING_DIVERGED',
      what: 'stage2/fold-0/svd: A test.',
    });
    const again = await run({ root: half.root });
    expect([...again.log].sort()).toEqual(['stage2/fold-0/svd', ...skipped].sort());
  });

  it('tries a job again when its process died, and gives up after three times', async () => {
    const died = atFirst(1, () => failure('HAF_WORKER_DIED'));
    const once = await run({ misbehave: ({ key }) => void (key === 'stage1/fold-0/TMA' && died()) });
    expect(states(once)).toEqual({ done: once.outcomes.length });
    expect(timesRun(once, 'stage1/fold-0/TMA')).toBe(2);
    const always = atFirst(9, () => failure('HAF_WORKER_DIED'));
    const never = await run({ misbehave: ({ key }) => void (key === 'stage1/fold-0/TMA' && always()) });
    expect(timesRun(never, 'stage1/fold-0/TMA')).toBe(3);
    expect(keysOf(never, 'failed')).toEqual(['stage1/fold-0/TMA']);
  });

  it('hands over what was made and what was there, job by job, and nothing else', async () => {
    const accepted: string[] = [];
    const misbehave = ({ key }: Job): void => {
      if (key === 'split') throw failure('HAF_SPLIT_INVALID');
    };
    const accept = ({ key }: Manifest): void => void accepted.push(key);
    const half = await run({ misbehave, accept });
    expect(accepted.sort()).toEqual(keysOf(half, 'done'));
    expect(accepted.some(isAfterSplit)).toBe(false);
    accepted.length = 0;
    const rest = await run({ root: half.root, accept });
    expect(accepted.sort()).toEqual([...keysOf(rest, 'done'), ...keysOf(rest, 'cached')].sort());
    expect(new Set(accepted).size).toBe(rest.outcomes.length);
  });

  it('ends with the error when what was made cannot be taken over', async () => {
    const full = failure('HAF_STORE_FULL');
    await expect(
      run({
        accept: () => {
          throw full;
        },
      }),
    ).rejects.toBe(full);
  });
});

describe('a damaged artifact', () => {
  it('is made again when a worker meets it among its inputs, and then the job', async () => {
    const accepted: string[] = [];
    let met = 0;
    const whole = await run({
      misbehave: ({ key }, damage) => {
        if (key === 'split' && met++ === 0) throw damage.now('cohort');
      },
      accept: ({ key }) => void accepted.push(key),
    });
    expect(states(whole)).toEqual({ done: whole.outcomes.length });
    const about = whole.log.filter((key) => key === 'cohort' || key === 'split');
    expect(about).toEqual(['cohort', 'split', 'cohort', 'split']);
    expect(whole.log).toHaveLength(whole.outcomes.length + 2);
    expect(accepted.filter((key) => key === 'cohort')).toHaveLength(2);
    expect(accepted.filter((key) => key === 'split')).toHaveLength(1);
  });

  it('is made again once when several jobs meet it', async () => {
    const met = new Set<string>();
    const whole = await run({
      misbehave: ({ key }, damage) => {
        if (!key.startsWith('preprocess') || met.has(key)) return;
        met.add(key);
        throw met.size === 1 ? damage.now('split') : damage.before('split');
      },
    });
    expect([...met].sort()).toEqual(
      [0, 1].flatMap((fold) => [`preprocess/fold-${fold}/Blood`, `preprocess/fold-${fold}/Clin`]),
    );
    expect(states(whole)).toEqual({ done: whole.outcomes.length });
    expect(timesRun(whole, 'split')).toBe(2);
    for (const key of met) expect(timesRun(whole, key)).toBe(2);
  });

  it('is made again when it turns out so on being taken over, new or from the store', async () => {
    const { root } = await run();
    for (const options of [{}, { root }]) {
      let met = 0;
      const whole = await run({
        ...options,
        accept: ({ key }, damage) => {
          if (key === 'split' && met++ === 0) throw damage.now('split');
        },
      });
      const cached = 'root' in options ? whole.outcomes.length - 1 : 0;
      expect(keysOf(whole, 'cached')).toHaveLength(cached);
      expect(keysOf(whole, 'done')).toHaveLength(whole.outcomes.length - cached);
      expect(timesRun(whole, 'split')).toBe('root' in options ? 1 : 2);
      expect(timesRun(whole, 'preprocess/fold-0/Clin')).toBe('root' in options ? 0 : 1);
      expect(met).toBe(2);
    }
  });

  it('does not make a forced job forget that it is forced', async () => {
    const { root } = await run();
    let met = 0;
    const forced = await run({
      root,
      force: new Set(['split']),
      misbehave: ({ key }, damage) => {
        if (key === 'split' && met++ === 0) throw damage.now('cohort');
      },
    });
    expect(forced.jobs.map(({ key, replace }) => [key, replace])).toEqual([
      ['split', true],
      ['cohort', false],
      ['split', true],
    ]);
  });

  it('is made again in one run, however many of a job are damaged', async () => {
    const damagedOnes = ['cohort', 'outcome', 'bags/TMA', 'tables/Blood', 'tables/Clin', 'split'];
    const met: string[] = [];
    const all = await run({
      misbehave: ({ key }, damage) => {
        const next = damagedOnes.find((one) => !met.includes(one));
        if (key !== 'report' || next === undefined) return;
        met.push(next);
        throw damage.now(next);
      },
    });
    expect(met).toEqual(damagedOnes);
    expect(timesRun(all, 'report')).toBe(damagedOnes.length + 1);
    expect(keysOf(all, 'done')).toContain('report');
  });

  it('is made again a few times only', async () => {
    const own = await run({
      accept: ({ key }, damage) => {
        if (key === 'split') throw damage.now('split');
      },
    });
    expect(timesRun(own, 'split')).toBe(4);
    expect(errorOf(own, 'split')).toMatchObject({ code: 'HAF_STORE_CORRUPT', what: 'split is damaged.' });
    expect(keysOf(own, 'skipped').every(isAfterSplit)).toBe(true);
    const input = await run({
      misbehave: ({ key }, damage) => {
        if (key === 'split') throw damage.now('cohort');
      },
    });
    expect([timesRun(input, 'split'), timesRun(input, 'cohort')]).toEqual([4, 4]);
    expect(errorOf(input, 'split').code).toBe('HAF_STORE_CORRUPT');
    expect(keysOf(input, 'done')).toContain('cohort');
  });

  it('fails the job that needs it when it cannot be made again', async () => {
    let cohorts = 0;
    const half = await run({
      misbehave: ({ key }, damage) => {
        if (key === 'cohort' && cohorts++ > 0) throw failure('HAF_COHORT_INVALID');
        if (key === 'split') throw damage.now('cohort');
      },
    });
    expect(keysOf(half, 'failed')).toEqual(['split']);
    expect(errorOf(half, 'split').code).toBe('HAF_COHORT_INVALID');
    expect(keysOf(half, 'skipped').every(isAfterSplit)).toBe(true);
  });

  it('fails the job at once when it is none of the run’s', async () => {
    const half = await run({
      misbehave: ({ key }, damage) => {
        if (key === 'split') throw damage.now('nothing of this run');
      },
    });
    expect(timesRun(half, 'split')).toBe(1);
    expect(errorOf(half, 'split').code).toBe('HAF_STORE_CORRUPT');
  });
});
