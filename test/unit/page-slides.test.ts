import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import type { Attention, PatientSlides } from '../../src/page/wire.js';
import { directorySource } from '../../src/pipeline/page/directory-source.js';
import { pageApp } from '../../src/pipeline/page/page-app.js';
import { writeFiles } from '../support/result-run.js';
import { attention, slideRun } from '../support/slide-run.js';
import type { WatchedRun } from '../support/watched-run.js';

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const pageOfSlides = async () => pageOf(await slideRun());

function pageOf(run: WatchedRun) {
  const { app, close } = pageApp(directorySource(run.runs), { token: null, hosts: [], secure: false });
  closing.push(close, () => rmSync(run.runs, { recursive: true, force: true }));
  return async (path: string): Promise<Response> =>
    app.request(`http://127.0.0.1/api/runs/demo-1/patients/${path}`, { headers: { host: '127.0.0.1' } });
}

describe('the slides of a patient', () => {
  it('are told with what is left of each, and with the attention of this patient alone', async () => {
    const get = await pageOfSlides();
    const { slides, heatmaps } = (await (await get('P1')).json()) as PatientSlides;
    expect(
      slides.map(({ image, picture, width, height, contours, attention: layers }) => [
        image,
        picture,
        width,
        height,
        contours,
        layers,
      ]),
    ).toEqual([
      ['a', 'slide', 700, 500, true, ['WSI']],
      ['b', 'overlay', 600, 300, false, []],
      ['tricky', 'paper', 10, 10, false, []],
    ]);
    expect(slides[1]?.reason).toBe('slides/b.svs does not exist any more.');
    expect(heatmaps).toEqual([{ modality: 'WSI', file: 'WSI-P1.png' }]);
    const found = (await (await get('P1/slides/0/attention/WSI')).json()) as Attention;
    expect(found).toEqual({ unit: 'px', tiles: attention });
    expect((await get('P1/heatmaps/WSI-P1.png')).headers.get('content-type')).toBe('image/png');
    expect((await get('P1/slides/1/overlay')).headers.get('content-type')).toBe('image/jpeg');
    const other = (await (await get('P10')).json()) as PatientSlides;
    expect(other.slides.map(({ image, picture, reason }) => [image, picture, reason])).toEqual([
      ['a', 'paper', 'The features came without slides.'],
    ]);
  });

  it('are of the patient and the fold that the experiment says, whatever the patient is called', async () => {
    const table = (score: number): string =>
      `source,image,row,x,y,unit,side,score,attention,percentile\nprimary,a,0,0,0,px,256,${score},1,1\n`;
    const shownOf = async (mode: string, patient: string) => {
      const run = await slideRun();
      const info = JSON.parse(readFileSync(join(run.path, 'run.json'), 'utf8')) as object;
      writeFileSync(join(run.path, 'run.json'), JSON.stringify({ ...info, config: { cv: { mode } } }));
      writeFiles(run, {
        'heatmaps/WSI/P1-fold2.csv': table(2),
        'heatmaps/WSI/P1-fold2-fold0.csv': table(20),
      });
      const get = pageOf(run);
      const answer = await get(patient);
      const { slides = [] } = (await answer.json()) as Partial<PatientSlides>;
      return slides.flatMap(({ attention: names }) => names);
    };
    expect(await shownOf('kfold', 'P1')).toEqual(['WSI']);
    expect(await shownOf('kfold', 'P1-fold2')).toEqual(['WSI']);
    expect(await shownOf('fixedTest', 'P1')).toEqual(['WSI fold 2']);
    expect(await shownOf('fixedTest', 'P1-fold2')).toEqual(['WSI fold 0']);
  });

  it('are cut into tiles of Deep Zoom', async () => {
    const get = await pageOfSlides();
    const dzi = await (await get('P1/slides/0.dzi')).text();
    expect(dzi).toMatch(/TileSize="256"[^]*<Size Width="700" Height="500"\/>/);
    for (const [tile, width, height] of [
      ['10/0_0', 256, 256],
      ['10/2_1', 188, 244],
      ['9/1_0', 94, 250],
      ['0/0_0', 1, 1],
    ] as const) {
      const answer = await get(`P1/slides/0_files/${tile}.jpg`);
      const { width: w, height: h, format } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
      expect([answer.status, format, w, h], tile).toEqual([200, 'jpeg', width, height]);
    }
  });

  it('lead to no other file', async () => {
    const get = await pageOfSlides();
    const tricks = [
      ...['..', '%2e%2e%2fP1', 'P1%00', 'P2', 'none', 'P1/slides/3', 'P1/slides/9.dzi', 'P1/slides/-1.dzi'],
      ...[
        'P1/slides/1.dzi',
        'P1/slides/2.dzi',
        'P1/slides/2_files/0/0_0.jpg',
        'P1/slides/0_files/11/0_0.jpg',
      ],
      ...[
        'P1/slides/0_files/10/3_0.jpg',
        'P1/slides/0_files/10/0_2.jpg',
        'P1/slides/0_files/10/..%2f0_0.jpg',
      ],
      ...[
        'P1/slides/0/attention/..',
        'P1/slides/0/attention/none',
        'P1/slides/0/overlay',
        'P1/slides/1/contours',
      ],
      ...['P1/heatmaps/P1.csv', 'P1/heatmaps/..%2f..%2frun.json', 'P1/heatmaps/WSI-P10.png'],
    ];
    for (const trick of tricks) expect((await get(trick)).status, trick).toBe(404);
  });
});
