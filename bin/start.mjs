// `npm start`: installs, builds, makes a synthetic cohort once, slides and all, and runs the quickstart experiment on it.
// Arguments are passed on to `up`, for example `npm start -- --set methods=[haf]`.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const cohort = join(root, 'data', 'synthetic');
const settings = ['--patients', '320', '--seed', '1', '--width', '64', '--slides'];
/** Beside the cohort: the settings it was made with, or "unfinished" while it is being made. */
const stamp = `${cohort}.settings.json`;
const made = () => (existsSync(stamp) ? readFileSync(stamp, 'utf8') : null);
const cli = join(root, 'dist', 'bin', 'haf-pipeline.js');

async function makeCohort() {
  rmSync(cohort, { recursive: true, force: true });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, 'unfinished');
  const code = await run(process.execPath, [cli, 'synth', cohort, ...settings]);
  if (code !== 0) process.exit(code);
  writeFileSync(stamp, JSON.stringify(settings));
}

await prepare();
if (existsSync(cohort) && made() === null) console.error(`using ${cohort} as it is`);
else if (!existsSync(cohort) || made() !== JSON.stringify(settings)) await makeCohort();
const experiment = join('examples', 'quickstart.yaml');
process.exitCode = await run(process.execPath, [cli, 'up', '-c', experiment, ...process.argv.slice(2)]);
