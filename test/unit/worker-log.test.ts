import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { paletteFor } from '../../src/pipeline/cli/output.js';
import { logLine } from '../../src/pipeline/cli/render/log-line.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { logObserver } from '../../src/pipeline/observe/log-observer.js';
import type { Settlement, WorkerObserver } from '../../src/pipeline/observe/worker-observer.js';
import { testJob } from '../support/jobs.js';
import { testMember } from '../support/members.js';

/** The log of a worker for the given calls of an observer. */
function logged(tell: (observer: Partial<WorkerObserver>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  tell(
    logObserver(pino({ timestamp: pino.stdTimeFunctions.isoTime }, { write: (line) => lines.push(line) })),
  );
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const fault = new HafError('HAF_DATA_MISSING', 'No file.', 'Bring it.');
const job = testJob('stage3/fold-0/haf');
const end = (changes: Partial<Settlement>): Settlement => ({
  ...{ outcome: 'committed', attempt: 2, seconds: 3.00049 },
  ...changes,
});
const about = { run: 'run-1', job: 'stage3/fold-0/haf', stage: 'stage3', attempt: 2 };

describe('the log of a worker', () => {
  it('names worker, run, job, stage and attempt in each line of a job', () => {
    const lines = logged((observer) => {
      observer.joined?.(testMember({ id: 'lab-2-1-abcd' }));
      observer.claimed?.(job, 2);
      observer.settled?.(job, end({ readSeconds: 1.23456, computeSeconds: 1.5 }));
    });
    expect(lines.map(({ worker }) => worker)).toEqual(Array(3).fill('lab-2-1-abcd'));
    expect(lines[0]).toMatchObject({ msg: 'worker ready', classes: ['gpu'], slots: { cpu: 0, gpu: 1 } });
    expect(lines[1]).toMatchObject({ msg: 'job claimed', level: 30, ...about });
    expect(lines[2]).toMatchObject({ msg: 'job done', level: 30, ...about, outcome: 'committed' });
    expect(lines[2]).toMatchObject({ seconds: 3, read: 1.235, compute: 1.5 });
  });

  it.each([
    ['retried', 40, 'HAF_DATA_MISSING', fault.message],
    ['given-up', 40, 'HAF_DATA_MISSING', fault.message],
    ['returned', 40, 'HAF_DATA_MISSING', fault.message],
    ['released', 30, undefined, 'job handed back'],
    ['fenced', 30, undefined, 'job taken away'],
  ] as const)('tells why a job was %s', (outcome, level, code, msg) => {
    const [line] = logged((observer) => observer.settled?.(job, end({ outcome, error: fault })));
    expect(line).toMatchObject({ ...about, outcome, level, msg });
    expect(line?.['code']).toBe(code);
  });

  it('tells why a worker can take no more jobs', () => {
    const [line] = logged((observer) => observer.broken?.(fault));
    expect(line).toMatchObject({ level: 50, code: 'HAF_DATA_MISSING' });
  });

  it('has the fields that docs/observability.md describes', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
    const table = /\| field \| \|\n(?:\|.*\|\n)+/.exec(page)?.[0] ?? '';
    const first = table.split('\n').map((row) => row.split('|')[1] ?? '');
    const described = first.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    const lines = logged((observer) => {
      observer.joined?.(testMember());
      observer.claimed?.(job, 2);
      observer.settled?.(job, end({ outcome: 'given-up', error: fault, readSeconds: 1, computeSeconds: 1 }));
    });
    // `bus` and `url` are logged by the command itself, without the observer.
    const fields = new Set([...lines.flatMap((line) => Object.keys(line)), 'bus', 'url']);
    expect([...fields].sort()).toEqual([...described].sort());
  });

  it('is readable on a terminal', () => {
    const colors = paletteFor({ isTTY: false }, { NO_COLOR: '1' });
    const line = (fields: object): string =>
      logLine(
        JSON.stringify({ time: '2026-01-01T10:20:30Z', pid: 1, hostname: 'h', worker: 'w', ...fields }),
        colors,
      );
    expect(line({ level: 30, job: 'a', seconds: 1.5, slots: { gpu: 1 }, msg: 'job done' })).toMatch(
      /^\d\d:\d\d:30 info job done {2}job=a seconds=1.5 slots={"gpu":1}$/,
    );
    expect(line({ level: 40, msg: 'the broker is back' })).toMatch(/30 warn the broker is back$/);
  });
});
