import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PatientSlides, PatientTable, RunEntry, StageRow, TableEntry } from '../../page/wire.js';
import { HafError } from '../core/errors.js';
import { pageAssets } from './assets.js';
import { contentPolicy } from './guard.js';
import { pageApp } from './page-app.js';
import { pageHtml } from './page-html.js';
import type { PageSource } from './page-source.js';
import { RunFeed } from './run-feed.js';

/** Learning curves of more jobs of a stage are not exported. */
const mostCurves = 500;
/** The log of a run is read until nothing new has come for this long. */
const quietMs = 1500;

/**
 * Writes the pages of a run as files, for any web server: the same document and scripts, and the answers of the same routes. An index
 * says which file holds the answer to which address. Slides are shown by the pictures of their tiling.
 *
 * @returns the number of files
 * @throws HafError HAF_PATH_UNUSABLE when the folder is not empty
 */
export async function exportPage(source: PageSource, run: string, folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0)
    throw new HafError(
      'HAF_PATH_UNUSABLE',
      `${folder} is not empty.`,
      'Name a folder that is empty or not there yet.',
    );
  const { app, close } = pageApp(source, { token: null, hosts: [], secure: false });
  const index: Record<string, string> = {};
  let files = 0;
  const write = (name: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
    files++;
  };
  /** Keeps an answer under a number: names of patients and jobs make no file names. */
  const keep = (address: string, ending: string, content: string | Uint8Array): void => {
    const name = `data/${Object.keys(index).length}.${ending}`;
    index[address] = name;
    write(name, content);
  };
  const home = `/api/runs/${encodeURIComponent(run)}`;
  const answer = async (address: string): Promise<Response | null> => {
    const response = await app.request(`http://127.0.0.1${address}`, { headers: { host: '127.0.0.1' } });
    return response.ok ? response : null;
  };
  const json = async <T>(address: string, change: (value: T) => T = (value) => value): Promise<T | null> => {
    const response = await answer(address);
    if (response === null) return null;
    const value = change((await response.json()) as T);
    keep(address, 'json', JSON.stringify(value));
    return value;
  };
  const file = async (address: string, ending: string): Promise<void> => {
    const response = await answer(address);
    if (response) keep(address, ending, new Uint8Array(await response.arrayBuffer()));
  };
  try {
    await json<RunEntry[]>('/api/runs', (runs) => runs.filter((entry) => entry.run === run));
    const frame = await wholeFrame(source, run);
    keep(`${home}/stream`, 'json', frame);
    const { stages = [] } = JSON.parse(frame) as { stages?: readonly StageRow[] };
    for (const { stage } of stages) {
      const listed = await json<{ jobs: readonly { job: string }[] }>(`${home}/jobs?${query({ stage })}`);
      if (!['stage1', 'stage2', 'stage3', 'joint'].includes(stage)) continue;
      for (const { job } of listed?.jobs.slice(0, mostCurves) ?? [])
        await json(`${home}/curve?${query({ job })}`);
    }
    await file(`${home}/report`, 'html');
    for (const { name } of (await json<TableEntry[]>(`${home}/tables`)) ?? [])
      await json(`${home}/tables/${name}`);
    const table = await json<PatientTable>(`${home}/patients`);
    for (const { id, pictures } of table?.patients ?? []) {
      if (!pictures) continue;
      const patient = `${home}/patients/${encodeURIComponent(id)}`;
      const found = await json<PatientSlides>(patient, withoutTiles);
      for (const { slide, attention, contours, picture } of found?.slides ?? []) {
        for (const name of attention)
          await json(`${patient}/slides/${slide}/attention/${encodeURIComponent(name)}`);
        if (contours) await json(`${patient}/slides/${slide}/contours`);
        if (picture === 'overlay') await file(`${patient}/slides/${slide}/overlay`, 'jpg');
      }
      for (const { file: name } of found?.heatmaps ?? [])
        await file(`${patient}/heatmaps/${encodeURIComponent(name)}`, 'png');
    }
    write('data/index.json', JSON.stringify(index));
    for (const [name, asset] of pageAssets()) write(`assets/${name}`, await asset.read());
    write('index.html', exportedHtml());
    return files;
  } finally {
    close();
  }
}

const query = (asked: Readonly<Record<string, string>>): string => new URLSearchParams(asked).toString();

/** The document with addresses that work below any folder of a web server, marked as exported. */
const exportedHtml = (): string =>
  pageHtml
    .replaceAll('"/assets/', '"assets/')
    .replace('<html lang="en">', '<html lang="en" data-exported>')
    .replace(
      '<meta charset="utf-8" />',
      `<meta charset="utf-8" />\n    <meta http-equiv="content-security-policy" content="${contentPolicy}" />`,
    );

/** Tiles are not exported: a slide is shown by the picture of its tiling, or on paper. */
const withoutTiles = (patient: PatientSlides): PatientSlides => ({
  ...patient,
  slides: patient.slides.map((slide) =>
    slide.picture !== 'slide'
      ? slide
      : {
          ...slide,
          picture: slide.thumbnail ? 'overlay' : 'paper',
          reason: 'Exported pages hold no tiles of slides.',
        },
  ),
});

/** All sections of a run, once its log is read. */
async function wholeFrame(source: PageSource, run: string): Promise<string> {
  const feed = new RunFeed(run, source);
  try {
    for (let version = -1; ;) {
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      const frame = feed.since(0);
      if (frame && frame.version === version) return frame.data;
      version = frame?.version ?? -1;
    }
  } finally {
    feed.close();
  }
}
