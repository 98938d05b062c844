// Fuzzes the readers of pictures. Reader and seed determine an input: `fuzz-pictures.mjs png 1 4711` makes input 4711
// again. A child process reads the inputs. Prints the seed of each input that ends the child process, takes more than
// 10 s of CPU time or more than 1 GB, gives HAF_INTERNAL, or is read despite a wrong checksum. The exit code is 1 if
// there is such an input.
//
//   npm run build && node test/bench/fuzz-pictures.mjs [READER|all] [COUNT] [FIRST SEED]
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutated, pictureKinds, pictureSeeds } from './fuzz-picture-inputs.mjs';

const cpuSeconds = 10;
/** Limit of wall time. It is long, because on a busy machine a child gets little CPU time. */
const wallSeconds = 180;
const mostBytes = 2 ** 30;
const reportEvery = 2000;

const [what = 'all', count = '20000', first = '1', mode = ''] = process.argv.slice(2);

/** Reads the middle of each level, and the whole picture as a thumbnail if it is small enough. */
async function readAll(path) {
  const { openSlide } = await import('../../dist/src/operators/slides/open-slide.js');
  const { thumbnailOf } = await import('../../dist/src/operators/tiling/thumbnail.js');
  const reader = await openSlide(path);
  try {
    for (const [level, { width, height }] of reader.info.levels.entries())
      await reader.read(level, { x: width >> 1, y: height >> 1, width: 40, height: 40 });
    const { width, height } = reader.info.levels[0];
    if (width * height < 1e7) await thumbnailOf(reader, 64);
  } finally {
    await reader.close();
  }
}

async function child(kind, count, first) {
  const folder = mkdtempSync(join(tmpdir(), 'haf-fuzz-'));
  const path = join(folder, 'input');
  const { HafError } = await import('../../dist/src/pipeline/core/errors.js');
  const seeds = await pictureSeeds(kind);
  try {
    for (let seed = first; seed < first + count; seed++) {
      const { bytes, broken } = mutated(kind, seeds, seed);
      writeFileSync(path, bytes);
      process.send({ started: seed });
      let outcome = 'read';
      try {
        await readAll(path);
        if (broken) outcome = 'checksum';
      } catch (error) {
        outcome =
          error instanceof HafError && error.code !== 'HAF_INTERNAL' ? 'refused' : `internal ${error.stack}`;
      }
      // `rss` is the peak memory of this process, in bytes. If it is too large, the parent starts a new child.
      process.send({ done: seed, outcome, rss: process.resourceUsage().maxRSS * 1024 });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.disconnect();
}

/** CPU time of a process so far, in seconds; clock ticks are 1/100 s on Linux. */
function cpuOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Reads inputs in one child process until it ends. @returns the seed of the next input to read */
function portion(kind, count, first, found, counts) {
  return new Promise((resolve) => {
    const worker = fork(import.meta.filename, [kind, String(count), String(first), 'child'], {
      execArgv: ['--max-old-space-size=900'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let [current, since, cpu, ended] = [first - 1, Date.now(), 0, null];
    let words = '';
    worker.stderr.on('data', (data) => (words = `${words}${data}`.slice(-2000)));
    const end = (reason) => {
      ended = reason;
      worker.kill('SIGKILL');
    };
    worker.on('message', ({ started, done, outcome, rss }) => {
      if (started !== undefined) [current, since, cpu] = [started, Date.now(), cpuOf(worker.pid)];
      if (done === undefined) return;
      const name = outcome.split(' ')[0];
      counts[name] = (counts[name] ?? 0) + 1;
      if (name === 'internal' || name === 'checksum') found.push({ kind, seed: done, what: outcome });
      if (rss > mostBytes) end(`memory of ${Math.round(rss / 2 ** 20)} MB`);
      if (done % reportEvery === 0) console.log(`${kind}: ${done}`);
    });
    const timer = setInterval(() => {
      if (Date.now() - since < cpuSeconds * 1000) return;
      const spent = cpuOf(worker.pid) - cpu;
      if (spent > cpuSeconds) end(`hang: ${spent} s of CPU time`);
      else if (Date.now() - since > wallSeconds * 1000) end(`hang: ${wallSeconds} s`);
    }, 500);
    worker.on('exit', (code, signal) => {
      clearInterval(timer);
      if (current < first + count - 1 || code !== 0) {
        const what = ended ?? `crash: ${signal ?? code} ${words.trim().split('\n').slice(-8).join(' / ')}`;
        found.push({ kind, seed: current, what });
        console.log(`${kind} ${current}: ${what.slice(0, 300)}`);
      }
      resolve(current + 1);
    });
  });
}

if (mode === 'child') await child(what, Number(count), Number(first));
else {
  const found = [];
  for (const kind of what === 'all' ? pictureKinds : [what]) {
    const counts = {};
    const last = Number(first) + Number(count);
    const begun = Date.now();
    for (let seed = Number(first); seed < last;) seed = await portion(kind, last - seed, seed, found, counts);
    const of = found.filter((one) => one.kind === kind);
    const sum = (pattern) => of.filter(({ what }) => pattern.test(what)).length;
    console.log(
      `${kind}: seeds ${first} to ${last - 1}, ${counts.read ?? 0} read, ${counts.refused ?? 0} refused; ` +
        `crash ${sum(/^crash/)}, hang ${sum(/^hang/)}, memory ${sum(/^memory/)}, HAF_INTERNAL ${sum(/^internal/)}, ` +
        `broken checksum accepted ${sum(/^checksum/)} (${Math.round((Date.now() - begun) / 1000)} s)`,
    );
    for (const { seed, what } of of.slice(0, 20)) console.log(`  ${kind} ${seed}: ${what.slice(0, 400)}`);
  }
  process.exitCode = found.length > 0 ? 1 : 0;
}
