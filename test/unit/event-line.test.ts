import { describe, expect, it } from 'vitest';
import { runEventSchema } from '../../src/pipeline/run-event.js';
import { parseEvent } from '../../src/pipeline/runs/event-line.js';
import {
  begun,
  doneJob,
  endedRun,
  epochOf,
  failedJob,
  queuedJob,
  startedJob,
} from '../support/watched-run.js';

type Fields = Record<string, unknown>;
const head = { v: 1, id: 'e1', seq: 7, at: '2030-01-01T00:00:00.000Z' };
const unit = { fold: 1, method: 'haf', modality: 'WSI', file: 'a/b.svs', patient: 'P1' };
const cached = { ...queuedJob('evaluate', unit), type: 'job-cached' };
const events: readonly Fields[] = [
  queuedJob('stage3', unit),
  startedJob('stage3', unit),
  epochOf('stage3', unit, 3, 0.25),
  doneJob('evaluate', unit, { testAuc: 0.7, testC: null }),
  cached,
  { ...cached, metrics: { testAuc: 0.5 } },
  queuedJob('embed', { tiling: 'grid', file: 'x.png' }),
  failedJob('stage3', unit),
  begun(),
  endedRun(),
];

/** Parses the text of an event with the full schema. The fast check must give the same result. */
function bySchema(line: string): unknown {
  const value = JSON.parse(line) as Fields;
  const body = runEventSchema.safeParse(value);
  const { v, id, seq, at } = value;
  return body.success ? { ...body.data, v, id, seq, at } : null;
}

const wrong = [
  '',
  'x',
  '-',
  -1,
  0.5,
  1e300,
  2 ** 53,
  null,
  true,
  [],
  [1],
  {},
  { a: null },
  { a: 'x' },
  { a: [] },
];

/** The event, then copies with one field added, removed or replaced: at the top level, in `unit`, or in `metrics`. */
function* changed(value: Fields): Generator<Fields> {
  yield value;
  for (const other of wrong) yield { ...value, another: other };
  for (const [name, field] of Object.entries(value)) {
    yield Object.fromEntries(Object.entries(value).filter(([one]) => one !== name));
    for (const other of wrong) yield { ...value, [name]: other };
    if (name === 'unit' || name === 'metrics')
      for (const inner of changed(field as Fields)) yield { ...value, [name]: inner };
  }
}

describe('an event in a line of a log', () => {
  it('is taken or refused as by the schema, whichever field is missing, wrong or unknown', () => {
    let [taken, refused] = [0, 0];
    for (const event of events)
      for (const one of changed(event)) {
        const line = JSON.stringify({ ...head, ...one });
        const expected = bySchema(line);
        expect(parseEvent(line), line).toEqual(expected);
        if (expected === null) refused++;
        else taken++;
      }
    expect(Math.min(taken, refused)).toBeGreaterThan(100);
  });

  it('is refused when its number overflows, its line is torn, or its head is wrong', () => {
    const line = JSON.stringify({ ...head, ...doneJob('evaluate', unit, { testAuc: 0.5 }) });
    expect(parseEvent(line)).not.toBeNull();
    const bad = [
      line.replace('0.5', '1e999'),
      line.replace('"seconds":8', '"seconds":1e999'),
      line.slice(0, -1),
      line.replace('"v":1', '"v":2'),
      line.replace('"seq":7', '"seq":"7"'),
      'null',
      '7',
      '[]',
    ];
    for (const one of bad) {
      expect(one).not.toBe(line);
      expect(parseEvent(one), one).toBeNull();
    }
  });
});
