import { describe, expect, it } from 'vitest';
import { outcome } from '../../src/operators/cohort/outcome.js';
import { outcomeFile, outcomeSchema, type Outcome } from '../../src/operators/cohort/outcome-data.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import type { Changes } from '../support/resolved-config.js';
import { runStage } from '../support/run-stage.js';
import { writtenTable } from '../support/written-table.js';

interface Read extends Outcome {
  readonly problems: readonly Problem[];
}

async function read(text: string, config: Changes = {}): Promise<Read> {
  const sources = [writtenTable('outcome', 'targets.csv', text)];
  const { output } = await runStage(outcome, { config, sources });
  return { ...outcomeSchema.parse(output.files[outcomeFile]), problems: output.problems ?? [] };
}

async function failure(text: string, config: Changes = {}): Promise<HafError> {
  const error: unknown = await read(text, config).then(
    () => new Error('the outcome was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HafError)) throw error;
  expect(error.code).toBe('HAF_TABLE_INVALID');
  return error;
}

const own = (outcomeKeys: object, patients: object = { id: 'PATIENT' }): Changes => ({
  data: {
    layout: 'own',
    patients,
    outcome: { file: 'targets.csv', ...outcomeKeys },
    modalities: { Clin: { kind: 'table', file: 'clini.csv' } },
  },
});
const event = { column: 'EVENT', positive: [1], negative: [0] };

describe('the outcome of HANCOCK', () => {
  const header = 'patient_id,survival_status,survival_status_with_cause,days_to_last_information';

  it('has labels, causes and follow-up, sorted by id, under its words', async () => {
    const { patients, words, problems } = await read(
      `${header}\n2,deceased,deceased tumor specific,\n001,living,living,100\n`,
    );
    expect(patients).toEqual([
      { id: '001', y: 0, cause: 'living', followUpDays: 100 },
      { id: '002', y: 1, cause: 'deceased tumor specific', followUpDays: null },
    ]);
    expect(words).toEqual({ positive: 'deceased', negative: 'living', column: 'survival_status' });
    expect(problems).toEqual([]);
  });

  it('does without follow-up times, with a warning', async () => {
    const { patients, problems } = await read(
      'patient_id,survival_status,survival_status_with_cause\n1,living,living\n',
    );
    expect(patients[0]?.followUpDays).toBeNull();
    expect(problems.map(({ severity, place }) => [severity, place])).toEqual([
      ['warning', 'days_to_last_information'],
    ]);
  });

  it('lists all faults at once, each with line and column', async () => {
    const { what } = await failure(
      `${header}\n1,alive,living,5\n2,living,deceased,5\n3,deceased,unsure,soon\n`,
    );
    expect(what.split('\n').slice(1, -1)).toEqual([
      '  targets.csv:2 survival_status: "alive" is none of "living", "deceased"',
      '  targets.csv:3 survival_status_with_cause: "deceased" contradicts survival_status "living"',
      expect.stringMatching(/^ {2}targets\.csv:4 survival_status_with_cause: "unsure" is none of "living"/),
      '  targets.csv:4 days_to_last_information: "soon" is not a number',
    ]);
    expect(what).toMatch(/^4 problems in the tables:/);
  });

  it('counts the faults that do not fit the list', async () => {
    const rows = Array.from({ length: 25 }, (_, at) => `${at},alive,living,1`).join('\n');
    const { what } = await failure(`${header}\n${rows}\n`);
    expect(what.split('\n')).toHaveLength(1 + 20 + 1 + 1);
    expect(what).toContain('... and 5 more');
  });

  it.each(['survival_status', 'survival_status_with_cause'])('asks for the column %s', async (column) => {
    const { what } = await failure(`${header.replace(`,${column},`, ',other,')}\n001,living,living,100\n`);
    expect(what).toContain(`targets.csv:1: no column "${column}"`);
  });

  it('refuses two rows that are one patient, with both lines', async () => {
    const { what } = await failure(`${header}\n1,living,living,5\n001,living,living,5\n`);
    expect(what).toContain('targets.csv:3 patient_id: "001" and "1" of line 2 would both be patient "001"');
  });

  it('needs an outcome table', async () => {
    await expect(runStage(outcome, { config: {}, sources: [] })).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
    });
  });
});

describe('the outcome of an own cohort', () => {
  it('keeps ids as text, and tells the two groups by the values of the column', async () => {
    const { patients, words } = await read('PATIENT,EVENT\n7,1\n007,0\nTCGA-02-0001,1\n', own({ event }));
    expect(patients).toEqual([
      { id: '007', y: 0, cause: null, followUpDays: null },
      { id: '7', y: 1, cause: null, followUpDays: null },
      { id: 'TCGA-02-0001', y: 1, cause: null, followUpDays: null },
    ]);
    expect(words).toEqual({ positive: 'EVENT = 1', negative: 'EVENT = 0', column: 'EVENT' });
  });

  it('takes several words for one side, and the names that the experiment gives', async () => {
    const relapse = { column: 'STATUS', positive: ['local', 'distant'], negative: ['none'] };
    const text = 'PATIENT,STATUS\na,local\nb,distant\nc,none\n';
    expect(await read(text, own({ event: relapse }))).toMatchObject({
      words: { positive: 'local or distant', negative: 'none' },
      patients: [{ y: 1 }, { y: 1 }, { y: 0 }],
    });
    const words = { positive: 'relapse', negative: 'no relapse' };
    expect((await read(text, own({ event: { ...relapse, words } }))).words).toMatchObject(words);
  });

  it('takes 1, 1.0 and 01 for one number', async () => {
    const { patients } = await read('PATIENT,EVENT\na,1.0\nb,0\nc,01\n', own({ event }));
    expect(patients.map(({ y }) => y)).toEqual([1, 0, 1]);
  });

  it('refuses a value that differs from a listed one in differs: its patients would be left out', async () => {
    const yes = { column: 'EVENT', positive: ['Yes'], negative: ['No'] };
    const { what } = await failure('PATIENT,EVENT\na,Yes\nb,No\nc,yes\n', own({ event: yes }));
    expect(what).toContain(
      'targets.csv EVENT: "yes" (1 patient) differs from "Yes" in upper and lower case only.',
    );
    expect(what).toContain('add it to data.outcome.event.positive');
    const both = { ...yes, positive: ['Yes', 'yes'] };
    const { patients } = await read('PATIENT,EVENT\na,Yes\nb,No\nc,yes\n', own({ event: both }));
    expect(patients.map(({ y }) => y)).toEqual([1, 0, 1]);
  });

  it('leaves out and lists patients with a third value, or none', async () => {
    const { patients, problems } = await read('PATIENT,EVENT\na,1\nb,0\nc,9\nd,\ne,NA\n', own({ event }));
    expect(patients.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(
      problems.map(({ severity, patient, place, reason }) => [severity, patient, place, reason]),
    ).toEqual([
      ['info', 'c', 'EVENT', 'The outcome "9" is neither positive nor negative, so the patient is left out.'],
      ['info', 'd', 'EVENT', 'The outcome is missing, so the patient is left out.'],
      ['info', 'e', 'EVENT', 'The outcome is missing, so the patient is left out.'],
    ]);
  });

  it('refuses a column in which no value is one of those declared, with what it holds', async () => {
    const { what } = await failure('PATIENT,EVENT\na,dead\nb,alive\nc,dead\n', own({ event }));
    expect(what).toContain('EVENT: no value is positive ("1") or negative ("0")');
    expect(what).toContain('the column holds "dead" (2), "alive" (1)');
  });

  it.each([
    ['EVNT', 'did you mean "EVENT"?'],
    ['something', 'found "EVENT"'],
  ])('names the column %s that is absent, and what is there: %s', async (column, hint) => {
    const { what } = await failure('PATIENT,EVENT\na,1\nb,0\n', own({ event: { ...event, column } }));
    expect(what).toContain(`targets.csv:1: no column "${column}" (data.outcome.event.column); ${hint}`);
  });

  it.each([
    ['days', 10],
    ['weeks', 70],
    ['months', 304.375],
    ['years', 3652.5],
  ] as const)('turns %s into days', async (unit, days) => {
    const time = { column: 'T', unit };
    const { patients } = await read('PATIENT,EVENT,T\na,1,10\nb,0,\n', own({ event, time }));
    expect(patients.map(({ followUpDays }) => followUpDays)).toEqual([days, null]);
  });

  it('counts a time that cannot be as unknown, and says so', async () => {
    const time = { column: 'MONTHS', unit: 'months' };
    const { patients, problems } = await read(
      'PATIENT,EVENT,MONTHS\na,1,-3\nb,0,9999\nc,0,1440\nd,1,0\n',
      own({ event, time }),
    );
    expect(patients.map(({ followUpDays }) => followUpDays)).toEqual([null, null, 1440 * 30.4375, 0]);
    expect(
      problems.map(({ severity, patient, place, reason }) => [severity, patient, place, reason]),
    ).toEqual([
      [
        'warning',
        'a',
        'line 2, MONTHS',
        'A follow-up of -3 months is impossible; the time counts as unknown.',
      ],
      [
        'warning',
        'b',
        'line 3, MONTHS',
        'A follow-up of 9999 months is impossible; the time counts as unknown.',
      ],
    ]);
    expect((await failure('PATIENT,EVENT,MONTHS\na,1,soon\nb,0,1\n', own({ event, time }))).what).toContain(
      'targets.csv:2 MONTHS: "soon" is not a number',
    );
  });

  it('refuses ids that one person would write for one patient', async () => {
    const { what } = await failure('PATIENT,EVENT\n12,1\n12.0,0\nab 1,1\nAB1,0\n', own({ event }));
    expect(what).toContain('targets.csv:3 PATIENT: "12.0" looks like "12" of line 2');
    expect(what).toContain('targets.csv:5 PATIENT: "AB1" looks like "ab 1" of line 4');
  });

  it('refuses two columns that can both be the id', async () => {
    const { what } = await failure(
      'PATIENT,CASE,EVENT\na,x,1\nb,y,0\n',
      own({ event }, { id: ['PATIENT', 'CASE'] }),
    );
    expect(what).toContain('"PATIENT", "CASE" can both be the id column');
  });
});
