import { mkdirSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { writePainted } from './painted-slide.js';
import { results, writeFiles } from './result-run.js';
import { WatchedRun } from './watched-run.js';

const overlay = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: '#c08080' } })
    .jpeg()
    .toBuffer();

const tilesHead = 'id,file,patient,source,outcome,reason,vendor,route,width,height,tiles\n';
const attentionHead = 'source,image,row,x,y,unit,side,score,attention,percentile\n';

/** Attention scores of four tiles of slide "a". */
export const attention: readonly (readonly number[])[] = [
  [0, 0, 256, -1, 0.1, 0],
  [256, 0, 256, 0.5, 0.2, 0.333],
  [0, 256, 256, 1, 0.3, 0.667],
  [256, 256, 256, 2, 0.4, 1],
];

/**
 * A run with one patient, P1, who has three slides: "a" of 700 x 500 pixels with attention and contours, "b", whose
 * file is missing, and "tricky", whose file name leads out of the data folder, so that the page must not open it.
 */
export async function slideRun(): Promise<WatchedRun> {
  const run = new WatchedRun();
  const data = join(run.runs, '.data');
  mkdirSync(join(data, 'slides'), { recursive: true });
  const painted = await writePainted('a.svs');
  copyFileSync(painted, join(data, 'slides/a.svs'));
  rmSync(dirname(painted), { recursive: true });
  const info = JSON.parse(readFileSync(join(run.path, 'run.json'), 'utf8')) as object;
  writeFileSync(join(run.path, 'run.json'), JSON.stringify({ ...info, dataRoot: data }));
  const square = [
    [10, 10],
    [500, 10],
    [500, 400],
    [10, 400],
    [10, 10],
  ];
  const feature = { type: 'Feature', geometry: { type: 'Polygon', coordinates: [square] }, properties: {} };
  writeFiles(run, {
    ...results,
    'tiles.csv': `${tilesHead}a,slides/a.svs,P1,primary,ok,,aperio,strips,700,500,4\nb,slides/b.svs,P1,lymph,ok,,aperio,strips,600,300,0\ntricky,../demo-1/run.json,P1,primary,ok,,x,x,10,10,0\n`,
    'tiles/overlays/b.jpg': await overlay(200, 100),
    'tiles/contours/a.geojson': JSON.stringify({ type: 'FeatureCollection', features: [feature] }),
    'heatmaps/WSI/P1.csv': `${attentionHead}${attention
      .map(([x, y, side, ...numbers], row) => ['primary', 'a', row, x, y, 'px', side, ...numbers].join())
      .join('\n')}\n`,
    'heatmaps/WSI/P1.png': await sharp(await overlay(64, 64))
      .png()
      .toBuffer(),
    'heatmaps/WSI/P1/a.geojson': JSON.stringify({ type: 'FeatureCollection', features: [] }),
    'heatmaps/WSI/P10.csv': `${attentionHead}primary,a,0,0,0,px,256,9,1,0.5\n`,
  });
  return run;
}
