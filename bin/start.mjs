// `npm start`: installs, builds, and runs `haf-pipeline quickstart`. Arguments are passed on, for example
// `npm start -- --set methods=[haf]`.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

await prepare();
const cli = join(root, 'dist', 'bin', 'haf-pipeline.js');
process.exitCode = await run(process.execPath, [cli, 'quickstart', ...process.argv.slice(2)]);
