import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HafError } from '../../src/pipeline/core/errors.js';
import type { Recipe } from '../../src/pipeline/recipe.js';
import { recentIds } from '../../src/pipeline/runs/event-file.js';
import { RunDirectory } from '../../src/pipeline/runs/run-directory.js';
import { testConfig } from '../support/jobs.js';

describe('run directories', () => {
  let runs: string;
  beforeEach(() => {
    runs = mkdtempSync(join(tmpdir(), 'haf-runs-'));
  });
  const make = (run: string): RunDirectory => {
    const directory = new RunDirectory(runs, run);
    directory.writeInfo({
      state: 'succeeded',
      config: testConfig(),
      dataRoot: '/data',
      codeVersion: '0',
      host: 'h',
      node: 'v20',
    });
    return directory;
  };

  it('are found by name, by a unique beginning, and as the latest', () => {
    make('quick-aaa');
    make('quick-bbb');
    expect(RunDirectory.find(runs, 'quick-aaa').run).toBe('quick-aaa');
    expect(RunDirectory.find(runs, 'quick-b').run).toBe('quick-bbb');
    expect(() => RunDirectory.find(runs, 'quick')).toThrow(/quick-aaa or quick-bbb/);
    expect(() => RunDirectory.find(runs, 'slow')).toThrow(/Runs here: quick-aaa, quick-bbb/);
    expect(['quick-aaa', 'quick-bbb']).toContain(RunDirectory.find(runs, 'latest').run);
  });

  it('are listed although one of them has a damaged run.json, which is named when asked for', () => {
    make('good');
    mkdirSync(join(runs, 'torn'));
    writeFileSync(join(runs, 'torn/run.json'), '{"v":1');
    expect(RunDirectory.list(runs).map(({ run }) => run)).toEqual(['good']);
    expect(() => new RunDirectory(runs, 'torn').info()).toThrow(/torn\/run\.json cannot be read/);
  });

  it('say so when the experiment was written by another version', () => {
    const directory = make('old');
    const info = JSON.parse(readFileSync(join(runs, 'old/run.json'), 'utf8')) as {
      config: Record<string, unknown>;
    };
    info.config.gone = 1;
    writeFileSync(join(runs, 'old/run.json'), JSON.stringify(info));
    expect(RunDirectory.list(runs)).toHaveLength(1);
    expect(() => directory.experiment()).toThrow(/not one of this version.*gone/s);
  });

  it('do not write an event that a publisher repeats, even if thousands came between', () => {
    const body = { type: 'job-queued', job: 'a', stage: 'stage3', unit: {}, artifact: 'x' } as const;
    const log = make('repeated').log.open();
    const append = (index: number): number | undefined =>
      log.append({ ...body, v: 1, id: `id-${index}`, seq: 0, at: 'now' }, true)?.seq;
    const many = recentIds + 5;
    for (let index = 0; index < many; index++) append(index);
    expect([append(5), append(many - 1)]).toEqual([undefined, undefined]);
    expect(append(many)).toBe(many + 1);
    log.close();
  });

  it('mend a log whose last line was torn by a crash, and lose no whole line', () => {
    const directory = make('crashed');
    const skipped = {
      type: 'job-skipped',
      job: 'a',
      stage: 'stage3',
      unit: {},
      artifact: 'x',
      because: 'y',
    } as const;
    const before = directory.log.open();
    before.append({ ...skipped, v: 1, id: 'first', seq: 7, at: 'now' });
    before.close();
    appendFileSync(join(runs, 'crashed/events.ndjson'), '{"type":"job-sk');
    expect(directory.events()).toHaveLength(1);
    directory.log.mend();
    const log = directory.log.open();
    // A broker may deliver an event that is already in the log.
    expect(log.append({ ...skipped, v: 1, id: 'first', seq: 7, at: 'now' })).toBeNull();
    expect(log.append({ ...skipped, v: 1, id: 'second', seq: 8, at: 'now' })?.seq).toBe(2);
    log.close();
    expect(directory.events().map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('keep the recipes of a plan, a line for each, and read those that are asked for', () => {
    const directory = make('planned');
    const recipe = (stage: 'split' | 'report', odd: string): Recipe => ({
      ...{ stage, version: 1, unit: {}, config: { odd }, inputs: [], sources: [] },
    });
    const jobs = [
      ['split', recipe('split', 'a "quoted",\nname')],
      ['odd "key",', recipe('report', '}')],
    ] as const;
    directory.writePlan(
      jobs.map(([key, one]) => ({
        ...{ id: 'x', recipe: one, cached: null },
        node: { key, stage: one.stage, unit: {}, inputs: [], sources: [], after: [] },
      })),
    );
    expect([...directory.recipes()]).toEqual(jobs);
    expect([...directory.recipes(new Set(['split'])).keys()]).toEqual(['split']);
    const path = join(runs, 'planned/plan.json');
    const text = readFileSync(path, 'utf8');
    expect(JSON.parse(text)).toEqual(Object.fromEntries(jobs));
    // plan.json as earlier versions wrote it must be read. A truncated plan.json must count as empty.
    writeFileSync(path, JSON.stringify(JSON.parse(text)));
    expect([...directory.recipes()]).toEqual(jobs);
    writeFileSync(path, text.slice(0, 40));
    expect(directory.recipes().size).toBe(0);
  });

  it('read a log of lines longer and shorter than what is read at a time, and mend it', () => {
    const directory = make('long');
    const log = directory.log.open();
    const lengths = [10, 3_000_000, 1_048_576, 1, 700_000];
    lengths.forEach((length, index) => {
      const because = 'é'.repeat(length / 2);
      const body = {
        type: 'job-skipped',
        job: 'a',
        stage: 'stage3',
        unit: {},
        artifact: 'x',
        because,
      } as const;
      log.append({ ...body, v: 1, id: String(index), seq: 0, at: 'now' });
    });
    log.close();
    const path = join(runs, 'long/events.ndjson');
    const whole = readFileSync(path, 'utf8');
    appendFileSync(path, 'x'.repeat(2_500_000));
    expect(directory.events().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    directory.log.mend();
    expect(readFileSync(path, 'utf8')).toBe(whole);
    writeFileSync(path, '{"torn');
    directory.log.mend();
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('name a path that cannot be used', () => {
    const directory = make('r');
    writeFileSync(join(runs, 'r/folds'), 'a file where a folder should be');
    let thrown: unknown;
    try {
      directory.write('folds/0/metrics.json', '{}');
    } catch (error) {
      thrown = error;
    }
    const error = HafError.from(thrown);
    expect([error.code, error.exitCode]).toEqual(['HAF_PATH_UNUSABLE', 64]);
    expect(error.what).toContain('r/folds');
  });
});
