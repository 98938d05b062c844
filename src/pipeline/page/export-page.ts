import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Frame, PatientSlides, PatientTable, RunEntry, TableEntry } from '../../page/wire.js';
import { HafError } from '../core/errors.js';
import { pageAssets } from './assets.js';
import { contentPolicy } from './guard.js';
import { pageApp } from './page-app.js';
import { pageHtml } from './page-html.js';
import type { PageSource } from './page-source.js';
import type { RunFeed } from './run-feed.js';

/** Maximum number of jobs per stage whose learning curves are exported. */
const mostCurves = 500;
const stagesWithCurves: readonly string[] = ['stage1', 'stage2', 'stage3', 'joint', 'embed'];

/** What an export wrote, and sentences about what it left out. */
export interface Exported {
  readonly files: number;
  readonly leftOut: readonly string[];
}

/**
 * Writes the pages of a run as files, for a browser or any web server: the document and the script of the live page,
 * and the answers of its routes. Answers are written as scripts, because a page from the file system may not read other
 * files. An index names the file for each address. Slides are shown by the small pictures that the stage `tile` stored.
 *
 * @throws HafError HAF_PATH_UNUSABLE if the folder is not empty, HAF_BROKER_UNREACHABLE if the broker is lost before
 *   the log is read
 */
export async function exportPage(source: PageSource, run: string, folder: string): Promise<Exported> {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0)
    throw new HafError(
      'HAF_PATH_UNUSABLE',
      `${folder} is not empty.`,
      'Name a folder that is empty or does not exist yet.',
    );
  const { app, feeds, close } = pageApp(source, { token: null, hosts: [], secure: false });
  const index = new Map<string, string>();
  const leftOut: string[] = [];
  let files = 0;
  const write = (name: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
    files++;
  };
  /** Writes an answer under a number, because names of patients and jobs may not be valid file names. */
  const keep = (address: string, ending: string, content: string | Uint8Array): void => {
    const name = `data/${index.size}.${ending}`;
    index.set(address, name);
    write(name, content);
  };
  const home = `/api/runs/${encodeURIComponent(run)}`;
  const answer = async (address: string): Promise<Response | null> => {
    const response = await app.request(`http://127.0.0.1${address}`, { headers: { host: '127.0.0.1' } });
    if (response.ok) return response;
    // Status 404: the run has no such content. Any other status: the content exists but cannot be read.
    if (response.status !== 404) {
      const { error } = (await response.json()) as { error?: string };
      leftOut.push(`${decodeURIComponent(address.slice(home.length + 1))}: ${error ?? response.status}`);
    }
    return null;
  };
  const json = async <T>(address: string, change: (value: T) => T = (value) => value): Promise<T | null> => {
    const response = await answer(address);
    if (response === null) return null;
    const value = change((await response.json()) as T);
    keep(address, 'js', answerScript(address, value));
    return value;
  };
  const file = async (address: string, ending: string): Promise<void> => {
    const response = await answer(address);
    if (response) keep(address, ending, new Uint8Array(await response.arrayBuffer()));
  };
  try {
    const { stages = [], ...sections } = await wholeFrame(feeds.enter(run), source);
    await json<RunEntry[]>('/api/runs', (runs) => runs.filter((entry) => entry.run === run));
    keep(`${home}/stream`, 'js', answerScript(`${home}/stream`, { ...sections, stages }));
    for (const { stage } of stages) {
      const listed = await json<{ jobs: readonly { job: string }[] }>(`${home}/jobs?${query({ stage })}`);
      if (!stagesWithCurves.includes(stage)) continue;
      const jobs = listed?.jobs ?? [];
      for (const { job } of jobs.slice(0, mostCurves)) await json(`${home}/curve?${query({ job })}`);
      if (jobs.length > mostCurves) leftOut.push(`curves of ${jobs.length - mostCurves} jobs of ${stage}`);
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
    write('data/index.js', answerScript('index', [...index]));
    for (const [name, asset] of pageAssets()) write(`assets/${name}`, await asset.read());
    write('index.html', exportedHtml());
    return { files, leftOut };
  } finally {
    await close();
  }
}

/**
 * Called by the browser when it loads the file (`src/page/exported.ts`). The answer is passed as text, because in an
 * object literal `__proto__` would not be a key.
 */
const answerScript = (address: string, value: unknown): string =>
  `hafAnswer(${JSON.stringify(address)}, ${JSON.stringify(JSON.stringify(value))});\n`;

const query = (asked: Readonly<Record<string, string>>): string => new URLSearchParams(asked).toString();

/** The content security policy of the page, without permission to fetch. */
const exportedPolicy = contentPolicy.replace("connect-src 'self'; ", '');

/** The document, with addresses that work in any folder, and with the mark of an export. */
const exportedHtml = (): string =>
  pageHtml
    .replaceAll('"/assets/', '"assets/')
    .replace('<html lang="en">', '<html lang="en" data-exported>')
    .replace(
      '<meta charset="utf-8" />',
      `<meta charset="utf-8" />\n    <meta http-equiv="content-security-policy" content="${exportedPolicy}" />`,
    );

/**
 * Tiles are not exported. A slide is shown by the picture that tiling made, or as attention on a grey background.
 */
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

/** Waits until the log of the run is read, and returns all sections. */
async function wholeFrame(feed: RunFeed, source: PageSource): Promise<Frame> {
  for (;;) {
    const frame = await feed.whole();
    if (frame !== null) return JSON.parse(frame) as Frame;
    if (!source.connected())
      throw new HafError(
        'HAF_BROKER_UNREACHABLE',
        'The connection to the broker was lost before the log of the run was read.',
        'Run the command again when the broker answers.',
      );
  }
}
