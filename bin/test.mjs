// `npm test`: installs, builds, checks the types of sources and tests, and runs the tests. Arguments are passed
// on to vitest, for example `npm test -- test/unit`.
import { prepare, program, run } from './prepare.mjs';

await prepare();
const types = await run(process.execPath, [program('typescript', 'bin', 'tsc'), '--noEmit']);
if (types !== 0) process.exit(types);
process.exitCode = await run(process.execPath, [
  program('vitest', 'vitest.mjs'),
  'run',
  ...process.argv.slice(2),
]);
