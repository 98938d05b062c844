#!/usr/bin/env node
import { endProcess } from '../src/pipeline/cli/end-process.js';
import { main } from '../src/pipeline/cli/program.js';

// `haf-pipeline ... | head` closes our output early; that is the reader's right, and a run goes on unseen.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

await main(process.argv);
endProcess();
