import { describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { hancockWords } from '../support/invented-cohort.js';
import { embedded, joinCohort, outcomesOf, places, tableOf, type Found } from '../support/join-cohort.js';
import type { Changes } from '../support/resolved-config.js';

const clinOnly = { modalities: ['Clin'], cohort: { require: [] } } as const satisfies Changes;

describe('who belongs to the cohort', () => {
  const data: Found = {
    outcomes: outcomesOf({ '003': 'd', '001': 'l', '002': 'n', '004': 'l' }),
    tables: { Clin: tableOf({ '004': 4, '001': 1, '002': null, '003': 3 }) },
  };

  it('sorts patients by id, with 1 for the event, under the words of the outcome', async () => {
    const { data: joined } = await joinCohort({ ...clinOnly }, data);
    expect(joined.patients).toEqual([
      { id: '001', y: 0, followUpDays: 10, bags: {} },
      { id: '002', y: 1, followUpDays: 10, bags: {} },
      { id: '003', y: 1, followUpDays: 10, bags: {} },
      { id: '004', y: 0, followUpDays: 10, bags: {} },
    ]);
    expect(joined.outcome).toEqual(hancockWords);
  });

  it('counts a patient whose cells are all missing as one who has the table', async () => {
    const { problems } = await joinCohort({ ...clinOnly, cohort: { require: ['Clin'] } }, data);
    expect(problems).toEqual([]);
  });

  it('drops deaths of other causes under tumorSpecific and names who', async () => {
    const {
      data: joined,
      flow,
      problems,
    } = await joinCohort({ ...clinOnly, cohort: { require: [], label: 'tumorSpecific' } }, data);
    expect(joined.patients.map(({ id }) => id)).toEqual(['001', '003', '004']);
    expect(flow).toEqual([
      { step: 'labelled', patients: 4, positive: 2 },
      { step: 'label tumorSpecific', patients: 3, positive: 1 },
      { step: 'with any modality', patients: 3, positive: 1 },
      { step: 'cohort', patients: 3, positive: 1 },
    ]);
    expect(places(problems, 'info')).toEqual([['002', 'cohort.label']]);
  });

  it('takes the status at the landmark for the outcome and leaves out whoever was lost before', async () => {
    const known: Record<string, readonly ['l' | 'd' | 'n', number | null]> = {
      '001': ['d', 730], // died before
      '002': ['n', 730.5], // died of something else on the day of the landmark
      '003': ['d', 731], // died after the landmark
      '004': ['l', 730.5], // followed up to the day of the landmark
      '005': ['l', 4000],
      '006': ['l', 730], // lost before
      '007': ['l', null],
      '008': ['d', null],
    };
    const outcomes = outcomesOf(
      Object.fromEntries(Object.entries(known).map(([id, [outcome]]) => [id, outcome])),
    ).map((one) => ({ ...one, followUpDays: known[one.id]?.[1] ?? null }));
    const Clin = tableOf(Object.fromEntries(Object.keys(known).map((id) => [id, 1])));
    const rules: ConfigInput['cohort'] = { require: [], label: 'landmark', landmarkYears: 2 };
    const {
      data: joined,
      flow,
      problems,
    } = await joinCohort({ ...clinOnly, cohort: rules }, { outcomes, tables: { Clin } });
    expect(joined.patients.map(({ id, y }) => [id, y])).toEqual([
      ['001', 1],
      ['002', 1],
      ['003', 0],
      ['004', 0],
      ['005', 0],
    ]);
    expect(flow.slice(0, 2)).toEqual([
      { step: 'labelled', patients: 8, positive: 4 },
      { step: 'status at 2 years known', patients: 5, positive: 2 },
    ]);
    expect(problems.map(({ patient, place, reason }) => [patient, place, reason])).toEqual([
      [
        '006',
        'cohort.landmarkYears',
        'Last seen without the event after 730 days; the status at 2 years (730.5 days) is unknown.',
      ],
      ['007', 'cohort.landmarkYears', 'The time of follow-up is unknown, and with it the status at 2 years.'],
      ['008', 'cohort.landmarkYears', 'The time of follow-up is unknown, and with it the status at 2 years.'],
    ]);
  });

  it('keeps the tumour sites asked for; an unknown site is not one of them', async () => {
    const { data: joined, problems } = await joinCohort(
      { modalities: ['Path'], cohort: { require: [], includeSites: [2, 4] } },
      {
        outcomes: outcomesOf({ '001': 'l', '002': 'd', '003': 'l', '004': 'd' }),
        tables: { Path: tableOf({ '001': 2, '002': 4, '003': null, '004': 1 }, 'primary_tumor_site') },
      },
    );
    expect(joined.patients.map(({ id }) => id)).toEqual(['001', '002']);
    expect(places(problems, 'info')).toEqual([
      ['003', 'cohort.includeSites'],
      ['004', 'cohort.includeSites'],
    ]);
  });

  it('cannot select sites without the column', async () => {
    await expect(
      joinCohort(
        { modalities: ['Path'], cohort: { require: [], includeSites: [1] } },
        {
          outcomes: data.outcomes,
          tables: { Path: tableOf({ '001': 1 }) },
        },
      ),
    ).rejects.toMatchObject({ code: 'HAF_COHORT_INVALID' });
  });

  it('drops a patient without any modality', async () => {
    const { data: joined, problems } = await joinCohort(
      { ...clinOnly },
      {
        outcomes: data.outcomes,
        tables: { Clin: tableOf({ '001': 1, '003': 1 }) },
      },
    );
    expect(joined.patients.map(({ id }) => id)).toEqual(['001', '003']);
    expect(places(problems, 'info')).toEqual([
      ['002', 'modalities'],
      ['004', 'modalities'],
    ]);
    expect(places(problems, 'warning')).toEqual([
      ['002', 'Clin'],
      ['004', 'Clin'],
    ]);
  });

  it('warns of material whose patient has no outcome', async () => {
    const { problems } = await joinCohort(
      { modalities: ['TMA', 'Clin'], cohort: { require: [] } },
      {
        outcomes: data.outcomes,
        tables: { Clin: tableOf({ '001': 1, '002': 1, '003': 1, '004': 1, '900': 1 }) },
      },
      [
        embedded('TMA', 'CD3.npz', [
          ['900', 'CD3', 1],
          ['001', 'CD3', 1],
          ['800', 'CD3', 2],
        ]),
      ],
    );
    expect(places(problems, 'warning')).toEqual([
      ['800', 'TMA'],
      ['900', 'TMA'],
    ]);
  });

  it.each([
    ['nobody', outcomesOf({ '005': 'l', '006': 'd', '001': 'n' }), 'tumorSpecific'],
    ['one outcome only', outcomesOf({ '001': 'l', '004': 'l', '002': 'n' }), 'tumorSpecific'],
    ['deaths only', outcomesOf({ '001': 'd', '004': 'd', '002': 'n' }), 'overall'],
  ] as const)('is refused with %s left', async (_, outcomes, label) => {
    await expect(
      joinCohort({ ...clinOnly, cohort: { require: [], label } }, { outcomes, tables: data.tables ?? {} }),
    ).rejects.toMatchObject({
      code: 'HAF_COHORT_INVALID',
      what: expect.stringContaining('labelled 3') as string,
    });
  });
});

describe('a modality nobody has', () => {
  const outcomes = outcomesOf({ '001': 'l', '002': 'd', '003': 'n' });
  const Clin = tableOf({ '001': 1, '002': 1, '003': 1 });

  it.each([
    [
      'a table whose ids match nobody',
      'Blood',
      { Clin, Blood: tableOf({ '700': 1 }) },
      'data.modalities.Blood',
    ],
    ['a bag modality without bags', 'WSI', { Clin }, 'data.modalities.WSI'],
  ] as const)('is refused: %s', async (_, modality, byModality, key) => {
    await expect(
      joinCohort(
        { modalities: ['Clin', modality], cohort: { require: [] } },
        { outcomes, tables: byModality },
      ),
    ).rejects.toMatchObject({
      code: 'HAF_MODALITY_EMPTY',
      context: { modality, key },
    });
  });

  it('is refused as well when only the rules leave nobody with it', async () => {
    await expect(
      joinCohort(
        { modalities: ['Clin', 'Blood'], cohort: { require: [], label: 'tumorSpecific' } },
        { outcomes, tables: { Clin, Blood: tableOf({ '003': 1 }) } },
      ),
    ).rejects.toMatchObject({ code: 'HAF_MODALITY_EMPTY', context: { modality: 'Blood' } });
  });
});
