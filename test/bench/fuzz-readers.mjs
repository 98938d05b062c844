// Feeds damaged inputs to every reader and counts faults: the process ends, reports nothing for more than 10 s, takes
// more than 1 GB of memory, gives HAF_INTERNAL, or returns changed values although a checksum covers them. Prints the
// seed of each fault, so that its input can be made again.
//
//   npm run build && node test/bench/fuzz-readers.mjs [READER,...] [INPUTS] [FIRST SEED]
//
// HAF_FUZZ_KEEP=DIR writes the inputs with faults to the folder DIR.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { damaged, soundFiles } from './fuzz-inputs.mjs';

const all = ['h5', 'npz', 'pt', 'npy', 'safetensors', 'csv', 'yaml', 'split', 'bus'];
const [names = all.join(','), inputs = '20000', from = '1'] = process.argv.slice(2);
const child = fileURLToPath(new URL('./fuzz-child.mjs', import.meta.url));
const [silenceMs, mostMiB] = [10_000, 1024];
const keep = process.env.HAF_FUZZ_KEEP;

/**
 * Reads inputs in one child process, until the last seed or a fault. Resolves with the seed of the next input to read.
 */
function part(reader, first, end, folder, told) {
  return new Promise((resolve) => {
    const process_ = fork(child, [reader, first, end, folder], {
      execArgv: ['--max-old-space-size=768'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let [seed, timer, why, text] = [first, null, null, ''];
    const stop = (reason) => {
      why ??= reason;
      process_.kill('SIGKILL');
    };
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop('HANG'), silenceMs + 20_000 * (seed === first));
    };
    process_.stderr.on('data', (data) => (text = (text + data).slice(-2000)));
    process_.on('message', (message) => {
      seed = message.seed;
      if (message.outcome === undefined) return watch();
      told(seed, message.outcome);
      if (message.rss > mostMiB) stop(`MEMORY ${Math.round(message.rss)} MiB`);
      seed++;
    });
    process_.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (seed < end || why !== null) {
        const last = why?.startsWith('MEMORY') ? seed - 1 : seed;
        told(
          last,
          why ?? `CRASH ${signal ?? code} ${text.split('\n').find((line) => line.trim() !== '') ?? ''}`,
        );
        return resolve(last + 1);
      }
      resolve(end);
    });
  });
}

const sound = await soundFiles();
let faults = 0;
for (const reader of names.split(',')) {
  const folder = mkdtempSync(join(tmpdir(), 'haf-fuzz-'));
  const counts = new Map();
  const told = (seed, outcome) => {
    const kind = outcome.split(' ')[0];
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (!/^(?:SILENT|INTERNAL|HANG|MEMORY|CRASH|LIMIT)$/.test(kind)) return;
    faults++;
    console.log(`${reader} seed ${seed}: ${outcome.slice(0, 300)}`);
    if (keep === undefined) return;
    mkdirSync(keep, { recursive: true });
    writeFileSync(join(keep, `${seed}_001.${reader}`), damaged(sound[reader], seed).file);
  };
  const [first, end] = [Number(from), Number(from) + Number(inputs)];
  for (let seed = first; seed < end;) seed = await part(reader, seed, end, folder, told);
  rmSync(folder, { recursive: true });
  console.log(
    `${reader}: ${inputs} inputs, seeds ${first} to ${end - 1}: ${[...counts].map(([kind, n]) => `${kind} ${n}`).join(', ')}`,
  );
}
process.exit(faults === 0 ? 0 : 1);
