import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/pipeline/config/load.js';
import type { HafError } from '../../src/pipeline/core/errors.js';

const findings = (text: string): string => {
  try {
    loadConfig({ text: `name: x\n${text}` });
    return '';
  } catch (error) {
    return (error as HafError).what;
  }
};

describe('an experiment in time', () => {
  it.each([
    ['survival: { bins: 3 }', /survival\.bins: needs data\.outcome\.kind: timeToEvent/],
    ['cohort: { event: recurrence }', /cohort\.event: needs data\.outcome\.kind: timeToEvent/],
    [
      'data: { outcome: { kind: timeToEvent } }\ncohort: { label: landmark }',
      /cohort\.label: "landmark" assigns a class to each patient.*cohort\.event/,
    ],
    ['data: { outcome: { kind: timeToEvent } }\nsurvival: { edges: [2, 1] }', /survival\.edges: must ascend/],
    [
      'data: { outcome: { kind: timeToEvent } }\ncalibration: isotonic\nthreshold: 0.9',
      /calibration: needs data\.outcome\.kind: binary[^]*threshold: needs data\.outcome\.kind: binary/,
    ],
    ['methods: [cox_ridge]', /none of the methods can run.*cox_ridge.*timeToEvent/],
    [
      'data: { layout: own, outcome: { kind: timeToEvent, file: a.csv, event: { column: E, positive: [1], negative: [0] } }, modalities: { A: { kind: table, file: a.csv } } }',
      /data\.outcome\.kind: timeToEvent needs times: set data\.outcome\.time/,
    ],
  ])('%s', (text, wanted) => {
    expect(findings(text)).toMatch(wanted);
  });

  it('drops the instance loss unless the experiment sets it', () => {
    const of = (extra: string): number =>
      loadConfig({ text: `name: x\ndata: { outcome: { kind: timeToEvent } }\n${extra}` }).config.mil.wInst;
    expect([of(''), of('mil: { wInst: 0.5 }')]).toEqual([0, 0.5]);
  });

  it('reads the columns of recurrence in HANCOCK', () => {
    const { config } = loadConfig({
      text: 'name: x\ndata: { outcome: { kind: timeToEvent } }\ncohort: { event: recurrence }',
    });
    expect(config.data.outcome).toMatchObject({
      event: { column: 'rfs_event', positive: ['1'] },
      time: { column: 'days_to_rfs_event', unit: 'days' },
    });
  });
});
