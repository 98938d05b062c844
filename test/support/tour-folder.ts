import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cli } from './cli.js';
import { poolingEncoder, writeOnnxFile } from './onnx-file.js';
import { pageFolder } from './page-steps.js';

const root = resolve(import.meta.dirname, '../..');

/**
 * Makes the folder in which the pages of the tour run one after the other. It holds the files that the pages expect the
 * user to have: slides, patients, an experiment, models, and regions drawn in QuPath.
 *
 * @throws Error if a synthetic cohort cannot be made
 */
export async function tourFolder(): Promise<string> {
  const folder = pageFolder();
  for (const name of ['dist', 'examples', 'deploy']) symlinkSync(join(root, name), join(folder, name));
  await synth(folder, 'new-patients', '--patients', '20', '--seed', '2', '--slides');
  symlinkSync('new-patients', join(folder, 'clinic'));
  await synth(folder, 'DATA', '--own');
  // Three slides are enough for commands over a folder of slides.
  mkdirSync(join(folder, 'slides'));
  const slides = readdirSync(join(folder, 'new-patients', 'slides')).filter((name) =>
    /Primary.*00[1-3]/.test(name),
  );
  for (const name of slides)
    cpSync(join(folder, 'new-patients', 'slides', name), join(folder, 'slides', name));
  writeExperiment(folder);
  writeModels(folder);
  writeRegion(folder);
  return folder;
}

async function synth(folder: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await cli(['synth', ...args], folder);
  if (code !== 0) throw new Error(`synth ended with ${String(code)}: ${stderr}`);
}

/** Writes the shortened experiment of the quickstart page. After that page has run, all its jobs are cache hits. */
function writeExperiment(folder: string): void {
  const shorter = [
    [/root: .*/, 'root: data/synthetic'],
    [/folds: .*/, 'folds: 2'],
    [/epochs: .*/, 'epochs: 3'],
    [/methods: .*/, 'methods: [haf, all_mlp, drop, clinical]'],
  ] as const;
  const text = readFileSync(join(root, 'examples', 'quickstart.yaml'), 'utf8');
  writeFileSync(
    join(folder, 'experiment.yaml'),
    shorter.reduce((changed, [key, value]) => changed.replace(key, value), text),
  );
}

/** Models of the input size and width that the pages name. They replace published encoders, which are large. */
function writeModels(folder: string): void {
  const models = { uni: 1024, own: 512, 'uni2-h': 1536 };
  mkdirSync(join(folder, 'models'));
  for (const [name, width] of Object.entries(models))
    writeOnnxFile(join(folder, 'models', `${name}.onnx`), poolingEncoder(224, width));
}

/** The upper left part of one slide, as QuPath exports it. */
function writeRegion(folder: string): void {
  const side = 700;
  const coordinates = [
    [
      [0, 0],
      [side, 0],
      [side, side],
      [0, side],
      [0, 0],
    ],
  ];
  const region = {
    type: 'Feature',
    geometry: { type: 'Polygon', coordinates },
    properties: { objectType: 'annotation' },
  };
  mkdirSync(join(folder, 'drawn'));
  writeFileSync(
    join(folder, 'drawn', 'PrimaryTumor_HE_001.geojson'),
    JSON.stringify({ type: 'FeatureCollection', features: [region] }),
  );
}
