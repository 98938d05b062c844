// `npm test`: installs, builds, checks the types of sources and tests, and runs the fast tier of the tests. `npm test -- --all`
// runs the slow tier as well (vitest.config.ts). Other arguments are passed on to vitest, for example `npm test -- test/unit`.
import { prepare, program, run } from './prepare.mjs';

const given = process.argv.slice(2);
const named = given.some((argument) => !argument.startsWith('-') || argument.startsWith('--project'));
const tier = named || given.includes('--all') ? [] : ['--project=fast'];

await prepare();
const types = await run(process.execPath, [program('typescript', 'bin', 'tsc'), '--noEmit']);
if (types !== 0) process.exit(types);
process.exitCode = await run(process.execPath, [
  program('vitest', 'vitest.mjs'),
  'run',
  ...tier,
  ...given.filter((argument) => argument !== '--all'),
]);
if (tier.length > 0) console.error('The slow tests were not run. To run them: npm test -- --all');
