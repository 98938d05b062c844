import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { PatientTable, TableData, TableEntry } from '../../src/page/wire.js';
import { directorySource } from '../../src/pipeline/page/directory-source.js';
import { pageApp } from '../../src/pipeline/page/page-app.js';
import { results, writeFiles } from '../support/result-run.js';
import { WatchedRun } from '../support/watched-run.js';

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function pageOf(files: Readonly<Record<string, string>>) {
  const run = new WatchedRun();
  writeFiles(run, files);
  const { app, close } = pageApp(directorySource(run.runs), { token: null, hosts: [], secure: false });
  closing.push(close, () => rmSync(run.runs, { recursive: true, force: true }));
  return async (path: string): Promise<Response> =>
    app.request(`http://127.0.0.1/api/runs/demo-1/${path}`, { headers: { host: '127.0.0.1' } });
}
const json = async <T>(answer: Promise<Response>): Promise<T> => (await (await answer).json()) as T;

describe('the results of a run on the page', () => {
  it('are the tables of its directory, and no other file', async () => {
    const get = pageOf({ ...results, 'problems.csv': 'patient,reason\n\'=HYPERLINK(1),a\nP2,"b,\nc"\n' });
    const tables = await json<TableEntry[]>(get('tables'));
    expect(tables.map(({ name }) => name)).toEqual(['summary', 'problems', 'files']);
    const problems = await json<TableData>(get('tables/problems'));
    expect(problems).toEqual({
      columns: ['patient', 'reason'],
      rows: [
        ['=HYPERLINK(1)', 'a'],
        ['P2', 'b,\nc'],
      ],
      more: 0,
    });
    for (const name of [
      'run',
      'events',
      'robustness',
      '..%2fdemo-1%2fsummary',
      'summary.csv',
      '__proto__',
      'folds',
    ])
      expect((await get(`tables/${name}`)).status, name).toBe(404);
  });

  it('hold each test patient once, with the mean of each method over the folds that tested the patient', async () => {
    const { shows, methods, patients } = await json<PatientTable>(pageOf(results)('patients'));
    expect([shows, methods.map(({ id }) => id)]).toEqual(['probability', ['haf', 'blood']]);
    expect(patients).toEqual([
      { id: '=P3', outcome: 'negative', folds: [1], modalities: [], scores: [0.1, null], pictures: false },
      {
        id: 'P1',
        outcome: 'positive',
        folds: [0, 1],
        modalities: ['Blood', 'WSI'],
        scores: [0.625, 0.4],
        pictures: false,
      },
      { id: 'P2', outcome: 'negative', folds: [0], modalities: [], scores: [0.25, 0.3], pictures: false },
    ]);
  });

  it('give risks where the outcome is a time', async () => {
    const rows =
      'patient,split,time_days,event,risk,observed\nP1,test,400,1,1.5,true\nP2,test,90,0,-0.5,true\n';
    const { shows, patients } = await json<PatientTable>(
      pageOf({ 'folds/0/haf/predictions.csv': rows })('patients'),
    );
    expect(shows).toBe('risk');
    expect(patients.map(({ outcome, scores }) => [outcome, scores])).toEqual([
      ['event at 400 days', [1.5]],
      ['censored at 90 days', [-0.5]],
    ]);
  });

  it('are none before a fold has ended', async () => {
    const get = pageOf({});
    expect(await json(get('tables'))).toEqual([]);
    expect(await json(get('patients'))).toEqual({ shows: 'probability', methods: [], patients: [] });
  });
});
