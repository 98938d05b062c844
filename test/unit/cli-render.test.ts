import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { paletteFor } from '../../src/pipeline/cli/output.js';
import { liveRenderer } from '../../src/pipeline/cli/render/live-renderer.js';
import { plainRenderer, rendererFor } from '../../src/pipeline/cli/render/renderer.js';
import {
  advance,
  emptyState,
  progressOf,
  stagesOf,
  scoresOf,
  type RunState,
} from '../../src/pipeline/observe/run-state.js';
import { clock } from '../../src/pipeline/cli/render/clock.js';
import { fitLine, viewLines } from '../../src/pipeline/cli/render/view-lines.js';
import type { RunEvent, RunEventBody } from '../../src/pipeline/run-event.js';
import type { StageName, Unit } from '../../src/pipeline/stage.js';

const plain = paletteFor({}, {}, []);
const event = (body: RunEventBody): RunEvent => ({
  ...{ v: 1, id: 'x', seq: 1, at: '2026-01-01T00:00:00.000Z' },
  ...body,
});
const ref = (stage: StageName, unit: Unit = {}) => ({
  job: [stage, unit.fold, unit.method, unit.file].filter((part) => part !== undefined).join('/'),
  stage,
  unit,
  artifact: 'a',
});
const done = (stage: StageName, unit: Unit, metrics: Record<string, number | null> = {}): RunEvent =>
  event({
    type: 'job-done',
    ...ref(stage, unit),
    worker: 'w1',
    ...{ seconds: 2, readSeconds: 0.2, computeSeconds: 1.7, peakRssMiB: 90, metrics, problems: 0 },
  });
const cached = (stage: StageName, unit: Unit, metrics?: Record<string, number | null>): RunEvent =>
  event({ type: 'job-cached', ...ref(stage, unit), ...(metrics ? { metrics } : {}) });
const startedJob = (stage: StageName, unit: Unit): RunEvent =>
  event({ type: 'job-started', ...ref(stage, unit), worker: 'w1', attempt: 1 });
const failed = (stage: StageName, unit: Unit): RunEvent => {
  const error = { code: 'HAF_WORKER_DIED' as const, what: 'It died.', fix: 'Retry.', context: {} };
  return event({ type: 'job-failed', ...ref(stage, unit), error });
};
const queued = (stage: StageName, unit: Unit): RunEvent => event({ type: 'job-queued', ...ref(stage, unit) });
const returned = (stage: StageName, unit: Unit): RunEvent =>
  event({ type: 'job-returned', ...ref(stage, unit), worker: 'w1', reason: 'No data here.' });
const cancelled = event({ type: 'cancel-requested', run: 'demo-1', by: 'anna@lab-2' });
const started = event({
  type: 'run-started',
  run: 'demo-1',
  session: 's',
  workers: 2,
  bus: 'in-process',
  methods: ['haf', 'drop'],
  folds: 3,
  plan: [
    { stage: 'tables', jobs: 1, cached: 1, why: 'all cached' },
    { stage: 'stage3', jobs: 6, cached: 0, why: 'not computed yet' },
    { stage: 'evaluate', jobs: 6, cached: 0, why: 'not computed yet' },
  ],
});
const finished = event({
  type: 'run-finished',
  run: 'demo-1',
  outcome: 'finished-with-failures',
  seconds: 62,
  directory: 'runs/demo-1',
  report: null,
  failures: 1,
});
const after = (...events: readonly RunEvent[]): RunState => [started, ...events].reduce(advance, emptyState);

const none = { waiting: 0, queued: 0, running: 0, done: 0, cached: 0, failed: 0, skipped: 0 };

describe('the state of a run', () => {
  it('counts cached, done, failed and skipped jobs per stage', () => {
    const view = after(
      cached('tables', {}),
      done('stage3', { fold: 0, method: 'haf' }),
      failed('stage3', { fold: 1, method: 'haf' }),
      event({ type: 'job-skipped', ...ref('evaluate', { fold: 1, method: 'haf' }), because: 'stage3/1/haf' }),
    );
    expect(stagesOf(view)).toEqual([
      { ...none, stage: 'tables', jobs: 1, cached: 1 },
      { ...none, stage: 'stage3', jobs: 6, done: 1, failed: 1, waiting: 4 },
      { ...none, stage: 'evaluate', jobs: 6, skipped: 1, waiting: 5 },
    ]);
    expect(progressOf(view)).toEqual({ ended: 4, jobs: 13 });
  });

  it('follows a running job through its epochs until it ends, fails or goes back to the queue', () => {
    const unit = { fold: 0, method: 'haf' };
    const running = after(
      startedJob('stage3', unit),
      event({ type: 'job-epoch', ...ref('stage3', unit), epoch: 4, epochs: 60, metrics: {} }),
    );
    expect(running.running).toEqual([
      {
        ...{ job: 'stage3/0/haf', stage: 'stage3', worker: 'w1', attempt: 1 },
        ...{ startedAt: '2026-01-01T00:00:00.000Z', epoch: 4, epochs: 60, encoding: null },
      },
    ]);
    expect(advance(running, done('stage3', unit)).running).toEqual([]);
    expect(advance(running, failed('stage3', unit)).running).toEqual([]);
    const retried = event({ type: 'job-retried', ...ref('stage3', unit), attempt: 2, reason: 'worker died' });
    expect(advance(running, retried).running).toEqual([]);
    expect(advance(running, startedJob('stage3', unit)).running).toHaveLength(1);
  });

  it('takes a job from its worker that hands it back', () => {
    const unit = { fold: 0, method: 'haf' };
    expect(advance(after(startedJob('stage3', unit)), returned('stage3', unit)).running).toEqual([]);
  });

  it('counts a job once, as it ended last, and not at all while it is made again', () => {
    const unit = { fold: 0, method: 'haf' };
    const stage3 = (view: RunState) => stagesOf(view).find(({ stage }) => stage === 'stage3');
    const events = [
      failed('stage3', unit),
      queued('stage3', unit),
      done('stage3', unit),
      cached('stage3', unit),
    ];
    const counts = events.map((_, last) => stage3(after(...events.slice(0, last + 1))));
    expect(counts).toMatchObject([
      { failed: 1, done: 0, cached: 0 },
      { failed: 0, done: 0, cached: 0 },
      { failed: 0, done: 1, cached: 0 },
      { failed: 0, done: 0, cached: 1 },
    ]);
    expect(progressOf(after(done('stage3', unit), startedJob('stage3', unit)))).toEqual({
      ended: 0,
      jobs: 13,
    });
    expect(progressOf(after(...events))).toEqual({ ended: 1, jobs: 13 });
  });

  it('never counts more jobs than there are, whatever it hears of', () => {
    const one = { ...started, plan: [{ stage: 'stage3', jobs: 1, cached: 0, why: '' }] } as RunEvent;
    const strays = [0, 1, 2].map((fold) => done('stage3', { fold, method: 'haf' }));
    const view = [one, done('tables', {}), ...strays].reduce(advance, emptyState);
    expect(progressOf(view)).toEqual({ ended: 1, jobs: 1 });
  });

  it('takes test AUCs from evaluations alone, computed or cached', () => {
    const view = after(
      done('stage3', { fold: 0, method: 'haf' }, { testAuc: 0.1 }),
      done('evaluate', { fold: 0, method: 'haf' }, { testAuc: 0.7 }),
      cached('evaluate', { fold: 1, method: 'haf' }, { testAuc: null }),
    );
    expect(scoresOf(view, 'haf', 'testAuc')).toEqual([0.7, null, undefined]);
  });

  it('keeps why a job failed until the job succeeds, over a restart of the run too', () => {
    const unit = { fold: 0, method: 'haf' };
    const failures = (...events: RunEvent[]) => [...(after(...events).ledger?.failures.values() ?? [])];
    const died = { job: 'stage3/0/haf', state: 'failed', code: 'HAF_WORKER_DIED', what: 'It died.' };
    expect(failures(failed('stage3', unit), started, queued('stage3', unit))).toMatchObject([died]);
    expect(failures(failed('stage3', unit), started, done('stage3', unit))).toEqual([]);
    const skipped = event({ type: 'job-skipped', ...ref('evaluate', unit), because: 'stage3/0/haf' });
    expect(failures(skipped)).toMatchObject([{ state: 'skipped', what: 'needs stage3/0/haf', fix: null }]);
  });

  it('starts over when the run is started again', () => {
    const again = advance(after(failed('stage3', { fold: 0, method: 'haf' })), started);
    expect(progressOf(again).ended).toBe(0);
  });
});

describe('the lines of the live view', () => {
  it('show of a job that encodes tiles how many, on which device, how fast and how long still', () => {
    const unit = { modality: 'WSI', file: 'a.svs', encoder: 'onnx' } as const;
    const told = (at: string, tiles: number, gpu = 0): RunEvent => ({
      ...event({
        type: 'job-epoch',
        ...ref('embed', unit),
        epoch: 1,
        epochs: 250,
        metrics: { tiles, ofTiles: 8490, gpu },
      }),
      at,
    });
    const lineAfter = (...events: readonly RunEvent[]): string =>
      viewLines(after(startedJob('embed', unit), ...events), 0, plain).find((line) => line.includes('>')) ??
      '';
    const first = told('2026-01-01T00:00:00.000Z', 400);
    expect(lineAfter(first)).toMatch(/ tiles 400\/8490 on the CPU$/);
    // 40 tiles were read in 20 s, so 8050 more tiles take 4025 s.
    const later = [first, told('2026-01-01T00:00:10.000Z', 410), told('2026-01-01T00:00:20.000Z', 440)];
    expect(lineAfter(...later)).toMatch(/ tiles 440\/8490 on the CPU, 2\.0 a second, 1:07:05 left$/);
    expect(lineAfter(told('2026-01-01T00:00:00.000Z', 400, 1))).toMatch(/ tiles 400\/8490 on the GPU$/);
  });

  it('show the state, one line a stage, the running jobs, and the AUCs with mean and deviation', () => {
    const view = after(
      cached('tables', {}),
      startedJob('stage3', { fold: 2, method: 'drop' }),
      event({
        type: 'job-epoch',
        ...ref('stage3', { fold: 2, method: 'drop' }),
        epoch: 4,
        epochs: 60,
        metrics: {},
      }),
      failed('stage3', { fold: 1, method: 'drop' }),
      done('evaluate', { fold: 0, method: 'haf' }, { testAuc: 0.7 }),
      done('evaluate', { fold: 1, method: 'haf' }, { testAuc: 0.8 }),
      done('evaluate', { fold: 0, method: 'drop' }, { testAuc: null }),
      done('evaluate', { fold: 1, method: 'drop' }, { testAuc: 1 }),
    );
    expect(viewLines(view, 83, plain)).toEqual([
      'demo-1  6/13 jobs  2 workers, in-process  1:23',
      '  tables     ████████████████████       1/1  1 cached',
      '  stage3     ████░░░░░░░░░░░░░░░░       1/6  1 running  1 failed',
      '  evaluate   █████████████░░░░░░░       4/6',
      '  > stage3/2/drop  epoch 4/60',
      '',
      '  test AUC    0    1    2  mean ± sd',
      '  haf      .700 .800  ·    .750 ± .050',
      '  drop      n/a 1.00  ·    1.00 ± .000',
    ]);
  });

  it('leave out complete stages first where there is little room', () => {
    const view = after(cached('tables', {}), done('evaluate', { fold: 0, method: 'haf' }, { testAuc: 0.7 }));
    const lines = viewLines(view, 0, plain, 7);
    expect(lines).toHaveLength(7);
    expect(lines.join()).not.toContain('tables');
    expect(lines.at(-1)).toContain('drop');
    expect(viewLines(view, 0, plain, 3)).toHaveLength(3);
  });

  it('end with the outcome and the duration of the run itself', () => {
    expect(viewLines(after(finished), 5, plain)[0]).toContain('finished with failures  2 workers');
    expect(viewLines(after(finished), 5, plain)[0]).toMatch(/1:02$/);
  });

  it('say who does the work when this machine does none', () => {
    const without = (workers: number) => [{ ...started, workers } as RunEvent].reduce(advance, emptyState);
    expect(viewLines(without(0), 0, plain)[0]).toBe('demo-1  0/13 jobs  workers elsewhere, in-process  0:00');
    expect(viewLines(without(1), 0, plain)[0]).toContain('1 worker, ');
  });

  it('fit 80 columns with ten folds', () => {
    const wide = { ...started, folds: 10, methods: ['cell_density'] };
    const events = Array.from({ length: 10 }, (_, fold) =>
      done('evaluate', { fold, method: 'cell_density' }, { testAuc: 0.6 }),
    );
    const lines = viewLines([wide as RunEvent, ...events].reduce(advance, emptyState), 0, plain);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe('text on a terminal', () => {
  it('is cut to the width without counting or breaking colours', () => {
    const colors = paletteFor({}, { FORCE_COLOR: '1' }, []);
    const line = `ab${colors.red('cdef')}gh`;
    expect(fitLine(line, 4)).toBe(`ab${colors.red('cd')}`);
    expect(fitLine(line, 80)).toBe(line);
  });

  it('shows durations as a clock', () => {
    expect([0, 7.9, 760, 3729].map(clock)).toEqual(['0:00', '0:07', '12:40', '1:02:09']);
  });
});

describe('the plain renderer', () => {
  it('writes one line per event of interest, with a counter', () => {
    let text = '';
    const renderer = plainRenderer({ write: (part) => (text += part) });
    const unit = { fold: 0, method: 'haf' };
    const quiet = [cached('tables', {}), queued('stage3', unit), startedJob('stage3', unit)];
    for (const one of [started, ...quiet, returned('stage3', unit)]) renderer.event(one);
    renderer.event(done('evaluate', unit, { testAuc: 0.71234, testAccuracy: null }));
    renderer.event(failed('stage3', { fold: 1, method: 'haf' }));
    for (const last of [cancelled, finished]) renderer.event(last);
    renderer.close();
    expect(text.split('\n')).toEqual([
      'demo-1: 13 jobs, 1 cached; 2 workers, in-process',
      '[1/13] returned stage3/0/haf by w1: No data here.',
      '[2/13] evaluate/0/haf  2.0 s  testAuc 0.7123',
      '[3/13] failed stage3/1/haf: HAF_WORKER_DIED It died.',
      'demo-1: cancel requested by anna@lab-2',
      'demo-1: finished with failures in 1:02, 1 failed',
      '',
    ]);
  });

  it('tells of a stage of very many jobs by its percentages, and names the first that fail', () => {
    const lines: string[] = [];
    const renderer = plainRenderer({ write: (part) => lines.push(part.trimEnd()) });
    const jobs = 20_000;
    const plan = [{ stage: 'embed', jobs, cached: 0, why: '' }];
    renderer.event({ ...started, plan } as RunEvent);
    for (let i = 0; i < jobs; i++)
      renderer.event(i < 300 ? failed('embed', { file: `${i}.npy` }) : done('embed', { file: `${i}.npy` }));
    const named = lines.filter((line) => line.includes('HAF_WORKER_DIED'));
    const grouped = lines.slice(1).filter((line) => !line.includes('HAF_WORKER_DIED'));
    expect(named).toHaveLength(20);
    expect(grouped).toHaveLength(100);
    expect(grouped[0]).toBe('[200/20000] embed: 200 of 20000, 200 failed');
    expect(grouped.at(-1)).toBe('[20000/20000] embed: 20000 of 20000, 300 failed');
  });
});

describe('the choice of a renderer', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is NDJSON on stdout when asked for', () => {
    let text = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((part) => ((text += String(part)), true));
    const renderer = rendererFor(true, { isTTY: true, write: () => expect.fail('wrote a message') });
    renderer.event(started);
    renderer.event(finished);
    renderer.close();
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([started, finished]);
  });

  it('draws over itself on a terminal only', () => {
    const textOf = (stream: { isTTY: boolean }): string => {
      let text = '';
      const renderer = rendererFor(false, { ...stream, write: (part) => (text += part) });
      renderer.event(started);
      renderer.close();
      return text;
    };
    const cursorUp = '\u001b[';
    vi.stubEnv('NO_COLOR', '1');
    vi.stubEnv('TERM', 'xterm');
    expect(textOf({ isTTY: true })).toContain(cursorUp);
    expect(textOf({ isTTY: false })).not.toContain(cursorUp);
    vi.stubEnv('TERM', 'dumb');
    expect(textOf({ isTTY: true })).not.toContain(cursorUp);
    vi.unstubAllEnvs();
  });
});

describe('the live renderer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function recorded(): { frames: string[]; renderer: ReturnType<typeof liveRenderer> } {
    const frames: string[] = [];
    const stream = { columns: 80, rows: 40, write: (text: string) => frames.push(text) };
    return { frames, renderer: liveRenderer(stream, () => Date.now()) };
  }

  it('draws at most ten frames a second, the last one always', () => {
    const { frames, renderer } = recorded();
    renderer.event(started);
    for (let i = 0; i < 200; i++) {
      renderer.event(done('evaluate', { fold: 0, method: 'haf' }, { testAuc: i / 200 }));
      vi.advanceTimersByTime(5);
    }
    expect(frames.length).toBeGreaterThanOrEqual(9);
    expect(frames.length).toBeLessThanOrEqual(12);
    renderer.event(finished);
    renderer.close();
    renderer.close();
    expect(frames.filter((frame) => frame.includes('finished with failures'))).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes back over exactly the lines it has drawn', () => {
    const { frames, renderer } = recorded();
    renderer.event(started);
    const height = frames[0]?.split('\n').length ?? 0;
    renderer.note('draining');
    expect(frames[1]?.startsWith(`\u001b[${height - 1}A\r\u001b[0Jdraining\n`)).toBe(true);
    renderer.close();
  });

  it('keeps the clock going while nothing happens', () => {
    const { frames, renderer } = recorded();
    renderer.event(started);
    vi.advanceTimersByTime(3000);
    expect(frames.at(-1)).toContain('0:03');
    renderer.close();
  });
});
