import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { reportFile } from '../../operators/report/report-data.js';
import { InProcessBus } from '../bus/in-process.js';
import { openRunBus, type OpenedBus } from './open-bus.js';
import { connectionNews } from '../observe/connection-news.js';
import { logObserver } from '../observe/log-observer.js';
import type { Observation } from '../observe/observation.js';
import { together } from '../observe/worker-observer.js';
import { HafError } from '../core/errors.js';
import type { Plan } from '../plan.js';
import { executeRun, type ExecuteResult } from '../runs/execute.js';
import type { PreparedRun } from '../runs/prepare.js';
import { shareData } from '../runs/share-data.js';
import { errorText } from './errors.js';
import { fileLogger } from './logger.js';
import { followWorkers } from './follow-workers.js';
import { noteMissingWorkers } from './missing-workers.js';
import type { RunOptions } from './options.js';
import { printData, say } from './output.js';
import { problemLines } from './problem-lines.js';
import { requireBackend } from './require-backend.js';
import { rendererFor } from './render/renderer.js';
import { summaryOf, summaryText } from './summary-text.js';
import { packageVersion } from './version.js';

export interface TerminalOptions extends RunOptions {
  readonly jobs?: Plan;
  readonly force?: ReadonlySet<string>;
}

/**
 * Executes a prepared run from a terminal. Says which broker the run uses, shows its events, finishes the running
 * jobs at the first Ctrl-C (or SIGTERM), stops them at the second, explains failures, and ends with the result table
 * and the path of the report.
 */
export async function executeFromTerminal(
  prepared: PreparedRun,
  options: TerminalOptions,
  observation: Observation,
): Promise<ExecuteResult> {
  if (options.listen === undefined && (options.tls || options.security !== undefined))
    throw new HafError(
      'HAF_USAGE',
      '--tls and --security need --listen: they describe a broker that workers of other machines reach.',
      'Add --listen HOST, or leave them out. A broker that --nats names has its own TLS and users.',
    );
  if (options.workers !== 0) requireBackend(options.backend, say);
  const opened = await openRunBus({
    broker: options,
    store: prepared.store.localRoot,
    storeUri: prepared.store.uri,
    useBroker: options.broker,
    leaseMs: options.lease * 1000,
    onNote: say,
    ...(options.listen === undefined
      ? {}
      : {
          listen: {
            host: options.listen,
            tls: options.tls ?? false,
            ...(options.security === undefined ? {} : { security: options.security }),
          },
        }),
  });
  try {
    say(`store: ${prepared.store.uri}`);
    for (const note of opened.notes) say(note);
    requireTrainers(options, opened);
    if (observation.url) say(`metrics: ${observation.url}/metrics`);
    observation.on(opened.bus);
    if (options.shareData) {
      const count = await shareData(prepared.files, prepared.store);
      say(`shared ${count} files of the cohort through the store ${prepared.store.uri}`);
    }
    return await execute(prepared, opened, options, observation);
  } finally {
    await opened.close();
  }
}

/** @throws HafError HAF_USAGE if this machine has no trainer (`--workers 0`) and no other machine can join the run */
function requireTrainers({ workers }: TerminalOptions, { bus }: OpenedBus): void {
  if (workers !== 0 || !(bus instanceof InProcessBus)) return;
  throw new HafError(
    'HAF_USAGE',
    '--workers 0 leaves training to other machines, but there is no broker that they could join.',
    'Install nats-server, name a broker with --nats URL, or leave --workers 0 out.',
  );
}

async function execute(
  prepared: PreparedRun,
  { bus }: OpenedBus,
  options: TerminalOptions,
  observation: Observation,
): Promise<ExecuteResult> {
  const [drain, stop] = [new AbortController(), new AbortController()];
  const renderer = rendererFor(options.json ?? false);
  const stopLooking = noteMissingWorkers(bus, (text) => renderer.note(text));
  const stopCounting = followWorkers(bus, prepared.directory.run, (count) => renderer.elsewhere?.(count));
  const onSignal = (): void => {
    if (drain.signal.aborted) stop.abort();
    else {
      // From now on this machine takes no jobs, so missing workers are not reported.
      stopLooking();
      renderer.note(
        'Finishing the running jobs; press Ctrl-C again to stop them now. The same command resumes the run.',
      );
      drain.abort();
    }
  };
  for (const signal of endingSignals) process.on(signal, onSignal);
  const log = fileLogger(join(prepared.directory.path, 'log.ndjson'));
  connectionNews(bus).subscribe((news) => {
    renderer.note(news);
    log.warn(news);
  });
  try {
    const { trainersOf } = await import('../../workers/trainers-of.js');
    const result = await executeRun(prepared, {
      bus,
      workers: options.workers ?? trainersOf(options.backend, null).slots,
      backend: options.backend,
      checkpointEpochs: options.checkpointEpochs,
      codeVersion: packageVersion(),
      ...(options.jobs ? { jobs: options.jobs } : {}),
      ...(options.force ? { force: options.force } : {}),
      onEvent: (event) => {
        if (event.type === 'cancel-requested' || event.type === 'run-finished') stopLooking();
        renderer.event(event);
        observation.event(event);
      },
      observer: together(logObserver(log), observation.worker),
      drain: drain.signal,
      stop: stop.signal,
    });
    renderer.close();
    const failed = result.outcomes.flatMap((outcome) => (outcome.state === 'failed' ? [outcome.error] : []));
    for (const error of failed.slice(0, mostErrors)) say(errorText(error));
    if (failed.length > mostErrors) say(`and ${failed.length - mostErrors} more jobs failed`);
    if (failed.length > 0)
      say(
        `"haf-pipeline failures ${prepared.directory.run}" lists what failed and what was left out because of it`,
      );
    if (!options.json) showResult(prepared, result);
    return result;
  } finally {
    stopLooking();
    stopCounting();
    renderer.close();
    for (const signal of endingSignals) process.off(signal, onSignal);
  }
}

/** Number of failed jobs that are explained. The others are counted. */
const mostErrors = 20;

/** Signals that ask the run to end: Ctrl-C sends SIGINT, a scheduler SIGTERM, a closed terminal SIGHUP. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function showResult({ directory }: PreparedRun, { problems }: ExecuteResult): void {
  const summary = summaryOf(directory);
  if (summary) printData(`\n${summaryText(summary)}\n`);
  for (const line of problemLines(problems, join(directory.path, 'problems.csv'))) say(line);
  const report = join(directory.path, reportFile);
  if (existsSync(report)) say(`report: ${report}`);
}
