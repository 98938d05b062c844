// `npm start`: installs, builds, makes a synthetic cohort once, and runs the quickstart experiment on it.
// Arguments are passed on to `up`, for example `npm start -- --set methods=[haf]`.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const cohort = join(root, 'data', 'synthetic');
const settings = ['--patients', '320', '--seed', '1', '--width', '64'];
/** Left in the cohort by this script: says that it is complete, and what it was made with. */
const stamp = join(cohort, 'synth-settings.json');
const cli = join(root, 'dist', 'bin', 'haf-pipeline.js');

/** Made beside its place and moved there when complete, so that an interrupted one is never taken for a cohort. */
async function makeCohort() {
  const partial = `${cohort}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const code = await run(process.execPath, [cli, 'synth', partial, ...settings]);
  if (code !== 0) process.exit(code);
  rmSync(cohort, { recursive: true, force: true });
  renameSync(partial, cohort);
  writeFileSync(stamp, JSON.stringify(settings));
}

await prepare();
const isOurs = existsSync(stamp);
if (existsSync(cohort) && !isOurs) console.error(`using ${cohort} as it is`);
else if (!isOurs || readFileSync(stamp, 'utf8') !== JSON.stringify(settings)) await makeCohort();
const experiment = join('examples', 'quickstart.yaml');
process.exitCode = await run(process.execPath, [cli, 'up', '-c', experiment, ...process.argv.slice(2)]);
