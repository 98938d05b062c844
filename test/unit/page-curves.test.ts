import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Curves, readCurve } from '../../src/pipeline/page/curve.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';

type Epoch = Extract<RunEvent, { type: 'job-epoch' }>;
let seq = 0;
const epoch = (job: string, at: number, metrics: Record<string, number | null>): Epoch => ({
  ...{ v: 1, id: `${++seq}`, seq, at: '2030-01-01T00:00:00.000Z' },
  ...{ type: 'job-epoch', job, stage: 'stage3', unit: {}, artifact: 'a', epoch: at, epochs: 9, metrics },
});

describe('the learning curves of a run', () => {
  it('hold each epoch once, in order, with what a repeated epoch told last', () => {
    const curves = new Curves();
    curves.add(epoch('a', 1, { loss: 3 }));
    curves.add(epoch('b', 1, { loss: 9 }));
    curves.add(epoch('a', 2, { loss: 2, auc: 0.5 }));
    curves.add(epoch('a', 4, { loss: null, auc: 0.7 }));
    curves.add(epoch('a', 3, { auc: 0.6 }));
    curves.add(epoch('a', 2, { loss: 1 }));
    expect(curves.of('a')).toEqual({
      job: 'a',
      epochs: [1, 2, 3, 4],
      lines: [
        { name: 'loss', values: [3, 1, null, null] },
        { name: 'auc', values: [null, null, 0.6, 0.7] },
      ],
    });
    expect(curves.of('b')).toEqual({ job: 'b', epochs: [1], lines: [{ name: 'loss', values: [9] }] });
    expect(curves.of('none')).toEqual({ job: 'none', epochs: [], lines: [] });
  });

  it('make room for those that told something later, and are then read from the log', async () => {
    // These curves can keep ten numbers. An epoch with one metric takes two.
    const curves = new Curves(10);
    const log = [1, 2, 3].flatMap((at) => [epoch('old', at, { loss: at }), epoch('new', at, { loss: -at })]);
    for (const event of log.slice(0, 5)) curves.add(event);
    expect([curves.of('old')?.epochs, curves.of('new')?.epochs]).toEqual([
      [1, 2, 3],
      [1, 2],
    ]);
    const last = log.at(-1)!;
    curves.add(last);
    expect([curves.of('old'), curves.of('new')?.epochs]).toEqual([null, [1, 2, 3]]);
    // If a part of a curve was dropped, the curve is not returned at all. So an incomplete curve is never shown.
    curves.add(epoch('old', 4, { loss: 4 }));
    expect(curves.of('old')).toBeNull();
    expect(await readCurve(of(...log, 'caught-up' as const), 'old', last.seq)).toEqual({
      job: 'old',
      epochs: [1, 2, 3],
      lines: [{ name: 'loss', values: [1, 2, 3] }],
    });
    // The log ends before the wanted event.
    expect(await readCurve(of(...log), 'old', last.seq + 1)).toBeNull();
  });
});
