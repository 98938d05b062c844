// Kills processes of short runs at random moments, starts them again, and compares each run with an undisturbed run.
//
//   npm run build && HAF_BACKEND=onnx node test/bench/random-kills.mjs [KILLS] [SEED]
//
// Each run gets ten SIGKILLs: to `up`, to a `worker`, or to a trainer of one of them. Then it ends undisturbed. Half of
// the runs have a broker and a worker, half have neither. A run is wrong if its summary.csv or its predictions differ,
// if it reports HAF_INTERNAL, if its store is damaged, or if one of its processes is left behind. HAF_KILLS_KEEP=1
// keeps the folders of wrong runs.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../dist/bin/haf-pipeline.js', import.meta.url));
const { rng } = await import('../../dist/src/pipeline/core/rng.js');
const { stopOwnBroker } = await import('../../dist/src/pipeline/broker/own-broker.js');
const { findServer } = await import('../../dist/src/pipeline/broker/server-binary.js');
const [kills = '200', seed = '1'] = process.argv.slice(2);
const [killsOfRun, hardSeconds] = [10, 300];
const draw = rng(Number(seed), 'random kills');
const temporary = mkdtempSync(join(tmpdir(), 'haf-kills-'));
const env = { ...process.env, NO_COLOR: '1' };
const withBroker = findServer() !== null;
if (!withBroker) console.log('no nats-server: all runs are without a broker');

const experiment = `name: kills
modalities: [WSI, Clin, Blood]
methods: [haf, blood]
cohort: { require: [] }
cv: { folds: 2 }
train: { epochs: 30, patience: 30, lr: 1e-3, batch: 16 }
data: { root: data, modalities: { WSI: { width: 8 }, TMA: { width: 8 } } }
`;

/** Starts a command and collects its output. */
function start(folder, args) {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const running = { child, said: '', code: undefined };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (running.said += data));
  running.ended = new Promise((resolve) =>
    child.once('close', (code, signal) => resolve((running.code = code ?? signal))),
  );
  return running;
}

const up = (folder, broker) =>
  start(folder, [
    ...['up', '-c', 'experiment.yaml', '--checkpoint-epochs', '1', '--workers', '1'],
    ...(broker ? ['--lease', '3'] : ['--no-broker']),
  ]);
const worker = (folder) =>
  start(folder, ['worker', '--class', 'gpu,cpu', '--slots', '1', '--checkpoint-epochs', '1']);

/** Ids and command lines of the processes that work in a folder. */
function processesIn(folder) {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || readlinkSync(`/proc/${pid}/cwd`) !== folder) return [];
      return [
        { pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') },
      ];
    } catch {
      return [];
    }
  });
}

const trainersIn = (folder) =>
  processesIn(folder)
    .filter(({ command }) => command.includes('trainer-process'))
    .map(({ pid }) => pid);

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** The results of a run: the bytes of its summary and of all predictions. */
function outcomeOf(folder) {
  const [run, ...others] = readdirSync(join(folder, 'runs'));
  if (others.length > 0) throw new Error(`${others.length + 1} runs`);
  const names = readdirSync(join(folder, 'runs', run), { recursive: true, encoding: 'utf8' });
  const wanted = names.filter((name) => name === 'summary.csv' || name.endsWith('predictions.csv')).sort();
  return wanted.map((name) => `${name}\n${readFileSync(join(folder, 'runs', run, name), 'utf8')}`).join('\n');
}

const cohort = join(temporary, 'cohort');
spawnSync(process.execPath, [entry, 'synth', cohort, '--patients', '24', '--width', '8'], {
  env,
  stdio: 'inherit',
});
function freshFolder() {
  const folder = mkdtempSync(join(temporary, 'run-'));
  cpSync(cohort, join(folder, 'data'), { recursive: true });
  writeFileSync(join(folder, 'experiment.yaml'), experiment);
  return folder;
}

const calm = freshFolder();
const began = Date.now();
const calmRun = up(calm, false);
if ((await calmRun.ended) !== 0)
  throw new Error(`the undisturbed run ended with ${calmRun.code}:\n${calmRun.said}`);
const [undisturbed, lastsMs] = [outcomeOf(calm), Date.now() - began];
console.log(`undisturbed: ${(lastsMs / 1000).toFixed(1)} s`);

const all = { up: 0, worker: 0, trainer: 0 };
const total = () => all.up + all.worker + all.trainer;

/** Executes one run, disturbs it, and returns a list of what went wrong. */
async function disturbedRun(folder, broker, wishes) {
  const said = [];
  const wrong = [];
  let [main, hand] = [up(folder, broker), broker ? worker(folder) : null];
  const end = Date.now() + hardSeconds * 1000;
  // A worker ends if no `up` has started the broker yet. Therefore it is started again after a pause.
  const renew = async () => {
    const [mainGone, handGone] = [main.code !== undefined && main.code !== 0, hand?.code !== undefined];
    if (mainGone || handGone) await sleep(300);
    if (mainGone) {
      said.push(main.said);
      main = up(folder, broker);
    }
    if (handGone) {
      said.push(hand.said);
      hand = worker(folder);
    }
  };
  let done = 0;
  while (main.code !== 0 && Date.now() < end) {
    if (done === wishes) {
      await Promise.race([main.ended, sleep(500)]);
      await renew();
      continue;
    }
    const kind = ['up', 'trainer', ...(broker ? ['worker'] : [])][draw.int(broker ? 3 : 2)];
    // A trainer exists only during a part of the run. So the random delay begins when the first trainer exists.
    const uniform = draw.uniform();
    while (kind === 'trainer' && trainersIn(folder).length === 0 && main.code !== 0 && Date.now() < end) {
      await sleep(20);
      await renew();
    }
    const moment = Date.now() + uniform * (kind === 'trainer' ? 1500 : 0.35 * lastsMs);
    while (Date.now() < moment && main.code !== 0) {
      await sleep(20);
      await renew();
    }
    if (main.code === 0) break;
    const victims =
      kind === 'trainer' ? trainersIn(folder) : [kind === 'up' ? main.child.pid : hand.child.pid];
    if (victims.length === 0 || !kill(victims[draw.int(victims.length)])) continue;
    all[kind]++;
    done++;
    if (kind === 'up') await main.ended;
    if (kind === 'worker') await hand.ended;
  }
  if (main.code !== 0) wrong.push(`not at its end after ${hardSeconds} s`);
  for (const one of [main, hand]) if (one !== null && one.code === undefined) one.child.kill('SIGTERM');
  await Promise.race([Promise.all([main.ended, hand?.ended]), sleep(30_000)]);
  said.push(main.said, hand?.said ?? '');
  if (said.some((text) => text.includes('HAF_INTERNAL'))) wrong.push('HAF_INTERNAL');
  if (main.code === 0 && outcomeOf(folder) !== undisturbed)
    wrong.push('another summary or other predictions');
  const verified = spawnSync(process.execPath, [entry, 'store', 'verify'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  if (verified.status !== 0) wrong.push(`store verify: ${verified.stdout}${verified.stderr}`);
  // Wait up to 5 seconds: a trainer ends by itself, but only after it notices that its parent has gone.
  let left = [];
  for (let tries = 0; tries < 50 && (left = processesIn(folder)).length > 0; tries++) await sleep(100);
  if (left.length > 0) wrong.push(`left behind: ${left.map(({ command }) => command).join('; ')}`);
  for (const { pid } of left) kill(pid);
  if (broker && (await stopOwnBroker(join(folder, '.haf/store')))) wrong.push('the broker was left behind');
  if (wrong.length > 0) writeFileSync(join(folder, 'said.txt'), said.join('\n---\n'));
  return { wrong, done };
}

let [runs, faults] = [0, 0];
while (total() < Number(kills)) {
  const broker = withBroker && runs % 2 === 1;
  const folder = freshFolder();
  const { wrong, done } = await disturbedRun(folder, broker, Math.min(killsOfRun, Number(kills) - total()));
  runs++;
  faults += wrong.length;
  const verdict = wrong.length === 0 ? 'the same bytes' : `WRONG: ${wrong.join('; ')}`;
  console.log(`run ${runs} (${broker ? 'broker and worker' : 'no broker'}): ${done} kills: ${verdict}`);
  if (wrong.length > 0 && process.env.HAF_KILLS_KEEP) console.log(`  kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
console.log(
  `seed ${seed}: ${total()} kills (up ${all.up}, worker ${all.worker}, trainer ${all.trainer}) in ${runs} runs; ${faults} wrong`,
);
if (faults === 0 || !process.env.HAF_KILLS_KEEP) rmSync(temporary, { recursive: true, force: true });
process.exit(faults === 0 ? 0 : 1);
