#!/usr/bin/env node
import { main } from '../src/pipeline/cli/program.js';

// `haf-pipeline ... | head` closes our stdout early; that is the reader's right, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

await main(process.argv);
