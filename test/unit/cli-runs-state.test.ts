import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listRuns, showRun } from '../../src/pipeline/cli/runs.js';
import { lockRun } from '../../src/pipeline/runs/run-lock.js';

describe('runs ls', () => {
  let runs: string;
  beforeAll(() => void (runs = mkdtempSync(join(tmpdir(), 'haf-runs-'))));
  afterAll(() => rmSync(runs, { recursive: true }));

  const make = (run: string, state: string, lock?: object): void => {
    mkdirSync(join(runs, run));
    const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' };
    const about = {
      v: 1,
      run,
      name: 'x',
      codeVersion: '0.1.0',
      dataRoot: '/d',
      host: 'h',
      node: 'v20',
      config: {},
    };
    writeFileSync(join(runs, run, 'run.json'), JSON.stringify({ ...about, ...times, state }));
    if (lock) writeFileSync(join(runs, run, '.lock'), JSON.stringify(lock));
  };
  const printed = async (call: () => Promise<void>): Promise<unknown> => {
    let text = '';
    const writing = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    await call().finally(() => writing.mockRestore());
    return JSON.parse(text);
  };

  it('calls a run interrupted whose process is gone, and running while it is there', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    const since = '2026-01-01T00:00:00.000Z';
    make('killed', 'running', { pid: child.pid, host: hostname(), started: '1', since });
    make('unlocked', 'running');
    // The process of this run has ended, and another process has its process id now.
    make('reused', 'running', { pid: process.pid, host: hostname(), started: '1', since });
    make('done', 'succeeded');
    make('alive', 'running');
    const lock = await lockRun(join(runs, 'alive'), 'alive');
    const states = (await printed(() => listRuns({ runs, json: true }))) as { run: string; state: string }[];
    expect(Object.fromEntries(states.map(({ run, state }) => [run, state]))).toEqual({
      ...{ killed: 'interrupted', unlocked: 'interrupted', reused: 'interrupted' },
      ...{ done: 'succeeded', alive: 'running' },
    });
    expect(await printed(() => showRun('killed', { runs, json: true }))).toMatchObject({
      state: 'interrupted',
    });
    await lock.release();
    // Showing a run does not change its file.
    expect(readFileSync(join(runs, 'killed/run.json'), 'utf8')).toContain('"running"');
  });
});
