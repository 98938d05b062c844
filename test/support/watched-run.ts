import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEventBody } from '../../src/pipeline/run-event.js';
import type { StageName, Unit } from '../../src/pipeline/stage.js';

/** The log of a run. A test writes it event by event, in the form that `up` writes. */
export class WatchedRun {
  readonly runs: string;
  private seq = 0;

  constructor(
    readonly run = 'demo-1',
    runs?: string,
  ) {
    this.runs = runs ?? mkdtempSync(join(tmpdir(), 'haf-page-'));
    mkdirSync(this.path, { recursive: true });
    const facts = { v: 1, run, name: 'demo', codeVersion: '0', dataRoot: '/data', state: 'running' };
    const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' };
    const info = { ...facts, ...times, host: 'lab', node: 'v20', config: {} };
    writeFileSync(join(this.path, 'run.json'), JSON.stringify(info));
    writeFileSync(join(this.path, 'events.ndjson'), '');
  }

  get path(): string {
    return join(this.runs, this.run);
  }

  tell(...bodies: readonly RunEventBody[]): void {
    const lines = bodies.map((body) => {
      const seq = ++this.seq;
      return JSON.stringify({ v: 1, id: `${seq}`, seq, at: new Date().toISOString(), ...body });
    });
    this.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Writes a text into the log without change. */
  write(text: string): void {
    appendFileSync(join(this.path, 'events.ndjson'), text);
  }
}

const about = (stage: StageName, unit: Unit) => ({
  job: [stage, unit.fold, unit.method ?? unit.modality, unit.file]
    .filter((part) => part !== undefined)
    .join('/'),
  ...{ stage, unit, artifact: 'a' },
});

export const begun = (run = 'demo-1', methods: readonly string[] = ['haf', 'drop']): RunEventBody => ({
  ...{ type: 'run-started', run, session: 's', workers: 2, bus: 'in-process', folds: 3 },
  methods: [...methods],
  plan: [
    { stage: 'embed', jobs: 2, cached: 0, why: '' },
    { stage: 'stage3', jobs: 6, cached: 0, why: '' },
    { stage: 'evaluate', jobs: 6, cached: 0, why: '' },
  ],
});
export const queuedJob = (stage: StageName, unit: Unit): RunEventBody => ({
  type: 'job-queued',
  ...about(stage, unit),
});
export const startedJob = (stage: StageName, unit: Unit, worker = 'w1'): RunEventBody => ({
  ...{ type: 'job-started', ...about(stage, unit), worker, attempt: 1 },
});
export const epochOf = (stage: StageName, unit: Unit, epoch: number, loss: number): RunEventBody => ({
  ...{ type: 'job-epoch', ...about(stage, unit), epoch, epochs: 60, metrics: { loss, valAuc: 0.5 } },
});
export const doneJob = (
  stage: StageName,
  unit: Unit,
  metrics: Record<string, number | null> = {},
): RunEventBody => ({
  ...{ type: 'job-done', ...about(stage, unit), worker: 'w1', seconds: 8, readSeconds: 1, computeSeconds: 7 },
  ...{ peakRssMiB: 90, metrics, problems: 0 },
});
export const failedJob = (stage: StageName, unit: Unit, what = 'It died.'): RunEventBody => ({
  ...{ type: 'job-failed', ...about(stage, unit) },
  error: { code: 'HAF_WORKER_DIED', what, fix: 'Look at the memory.', context: {} },
});
export const endedRun = (run = 'demo-1'): RunEventBody => ({
  ...{
    type: 'run-finished',
    run,
    outcome: 'succeeded',
    seconds: 62,
    directory: '',
    report: null,
    failures: 0,
  },
});
