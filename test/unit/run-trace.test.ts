import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '../../src/pipeline/run-event.js';
import { writeTrace } from '../../src/pipeline/runs/trace-file.js';
import { RunDirectory } from '../../src/pipeline/runs/run-directory.js';
import {
  cachedEvent,
  doneEvent,
  epochEvent,
  failedEvent,
  queuedEvent,
  retriedEvent,
  returnedEvent,
  skippedEvent,
  startedEvent,
} from '../support/job-events.js';

const time = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

/** The lines of trace.csv after events at the given seconds. */
function traceOf(...timed: readonly (readonly [number, RunEventBody])[]): Record<string, string>[] {
  const events = timed.map(([second, body], index): RunEvent => ({
    ...body,
    v: 1,
    id: `${index}`,
    seq: index + 1,
    at: time(second),
  }));
  const directory = new RunDirectory(mkdtempSync(join(tmpdir(), 'haf-trace-')), 'run-1');
  mkdirSync(directory.path);
  const log = directory.log.open();
  for (const event of events) log.append(event);
  log.close();
  writeTrace(directory, undefined);
  return parse(readFileSync(join(directory.path, 'trace.csv'), 'utf8'), { columns: true });
}

describe('trace.csv', () => {
  it('tells of each job when it was queued, started and ended, and where the time went', () => {
    expect(
      traceOf(
        [0, queuedEvent('a')],
        [1, queuedEvent('b')],
        [2.5, startedEvent('a', 'w1')],
        [3, epochEvent('a', 1)],
        [4, doneEvent('a', 'w1')],
      ),
    ).toEqual([
      {
        ...{ job: 'a', stage: 'stage3', state: 'done', worker: 'w1', attempts: '1', peakRssMiB: '100' },
        ...{ queued: time(0), started: time(2.5), ended: time(4) },
        ...{ wait: '2.5', read: '0.1', compute: '0.8', seconds: '1' },
      },
    ]);
  });

  it('counts how often a worker began, and the last wait of a job that came back', () => {
    const [row] = traceOf(
      [0, queuedEvent('a')],
      [1, startedEvent('a', 'w1')],
      [10, retriedEvent('a')],
      [12, startedEvent('a', 'w2')],
      [13, returnedEvent('a', 'w2')],
      [13.25, startedEvent('a', 'w3')],
      [20, failedEvent('a')],
    );
    expect(row).toMatchObject({ state: 'failed', wait: '0.25', attempts: '3', worker: 'w3', seconds: '' });
  });

  it('counts no wait for what a worker took that vanished or handed the job back', () => {
    const [row] = traceOf(
      [0, queuedEvent('a')],
      [1, startedEvent('a', 'w1')],
      [70, startedEvent('a', 'w2')],
      [80, doneEvent('a', 'w2')],
    );
    expect(row).toMatchObject({ wait: '1', started: time(70), attempts: '2', worker: 'w2' });
  });

  it('tells of a job that was mended as often as it ended, each time from its own start', () => {
    const rows = traceOf(
      [0, queuedEvent('a')],
      [1, startedEvent('a')],
      [5, failedEvent('a')],
      [10, queuedEvent('a')],
      [11, startedEvent('a')],
      [15, doneEvent('a')],
      [20, cachedEvent('a')],
      [21, skippedEvent('b')],
    );
    expect(rows.map(({ state, wait, attempts, queued }) => [state, wait, attempts, queued])).toEqual([
      ['failed', '1', '1', time(0)],
      ['done', '1', '1', time(10)],
      ['cached', '', '', ''],
    ]);
  });

  it('knows no negative wait, whatever the clocks say', () => {
    const [row] = traceOf([600, queuedEvent('a')], [0, startedEvent('a')], [601, doneEvent('a')]);
    expect(row).toMatchObject({ wait: '0' });
  });

  it('leaves open what this run has not seen of a job that another run had started', () => {
    const [row] = traceOf([0, queuedEvent('a')], [1, doneEvent('a', 'w1')]);
    expect(row).toMatchObject({ queued: time(0), started: '', wait: '', attempts: '', worker: 'w1' });
  });

  describe('of a run that goes on', () => {
    const execution = (directory: RunDirectory, first: number, ...bodies: readonly RunEventBody[]): void => {
      const log = directory.log.open();
      bodies.forEach((body, index) =>
        log.append({ ...body, v: 1, id: `${first + index}`, seq: 0, at: time(first + index) }),
      );
      log.close();
    };
    const text = ({ path }: RunDirectory): string => readFileSync(join(path, 'trace.csv'), 'utf8');
    /** The text of trace.csv after the whole log was read at once. */
    const whole = (directory: RunDirectory): string => {
      writeTrace(directory, undefined);
      return text(directory);
    };
    const started = (): RunDirectory => {
      const directory = new RunDirectory(mkdtempSync(join(tmpdir(), 'haf-trace-')), 'run-1');
      mkdirSync(directory.path);
      execution(directory, 0, queuedEvent('a'), startedEvent('a'), doneEvent('a'));
      return directory;
    };

    it('keeps what it tells already, and adds the rest', () => {
      const directory = started();
      const traced = writeTrace(directory, undefined);
      expect(traced).toEqual({ log: directory.log.bytes, trace: text(directory).length });
      execution(directory, 10, cachedEvent('a'), queuedEvent('b'), doneEvent('b'));
      // A changed line in the file must stay: it shows that the file is continued and not written again from the log.
      const before = text(directory).replace('\na,', '\nx,');
      writeFileSync(join(directory.path, 'trace.csv'), before);
      writeTrace(directory, traced ?? undefined);
      expect(text(directory).startsWith(before)).toBe(true);
      const added = text(directory).slice(before.length);
      expect(added.trimEnd().split('\n')).toHaveLength(2);
      expect(whole(directory).endsWith(added)).toBe(true);
    });

    it('is made from the whole log when the file or the log is another than the last execution left', () => {
      const directory = started();
      const traced = writeTrace(directory, undefined) ?? undefined;
      writeFileSync(join(directory.path, 'trace.csv'), 'somebody else');
      execution(directory, 10, cachedEvent('a'));
      writeTrace(directory, traced);
      expect(text(directory)).toBe(whole(directory));
      expect(text(directory).trimEnd().split('\n')).toHaveLength(3);
    });

    it('reads the log again while a job is on its way', () => {
      const directory = started();
      execution(directory, 10, queuedEvent('b'));
      expect(writeTrace(directory, undefined)).toBeNull();
    });
  });
});
