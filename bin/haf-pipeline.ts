#!/usr/bin/env node
import { endProcess } from '../src/pipeline/cli/end-process.js';
import { main } from '../src/pipeline/cli/program.js';

// A reader such as `haf-pipeline ... | head` may close the output early. This is no error: a run continues without
// output.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

await main(process.argv);
endProcess();
