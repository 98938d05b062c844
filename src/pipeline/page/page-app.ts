import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Hono, type Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { endWith, firstValueFrom, fromEvent, merge, take, timer } from 'rxjs';
import type { JobEntry, RunEntry } from '../../page/wire.js';
import { stageNames, type StageName } from '../stage.js';
import { pageAssets } from './assets.js';
import { readCurve } from './curve.js';
import { Feeds } from './feeds.js';
import { guard, withHeaders, type GuardOptions } from './guard.js';
import { historyOf } from './history.js';
import { pageHtml } from './page-html.js';
import type { PageSource } from './page-source.js';
import { resultRoutes } from './result-routes.js';
import type { RunFeed } from './run-feed.js';
import { slideRoutes } from './slide-routes.js';

/**
 * Heartbeat interval of an event stream without events, so that proxies keep it open and a lost connection is noticed.
 */
const beatMs = 15_000;
/** Time after which a browser reconnects. */
const retryMs = 1000;
/** Maximum length of a list of jobs. A longer list is cut, and the page says so. */
const mostJobs = 20_000;

/** The routes of the live page. All requests are GET, and none changes a run. */
export function pageApp(source: PageSource, options: GuardOptions) {
  const app = new Hono();
  const feeds = new Feeds(source);
  const assets = pageAssets();
  const { doors, readers, login } = guard(options);
  app.use(withHeaders, doors);
  app.onError((_, context) => context.json({ error: 'Failed.' }, 500));
  // These two routes need no token: the document and its scripts contain no data of a run, and the browser needs them
  // before it can send the token.
  app.get('/', (context) => context.html(pageHtml));
  app.get('/assets/*', async (context) => {
    const asset = assets.get(context.req.path.slice('/assets/'.length));
    if (asset === undefined) return context.json({ error: 'No such file.' }, 404);
    return context.body(await asset.read(), 200, { 'content-type': asset.type, 'cache-control': 'no-cache' });
  });
  app.get('/api/session', login);
  app.use('/api/*', readers);

  app.get('/api/runs', async (context) => {
    const runs = await source.runs();
    const entries: readonly RunEntry[] = runs.map(({ run, state, createdAt }) => {
      const directory = source.directory(run);
      const has = (file: string): boolean => directory !== null && existsSync(join(directory, file));
      return { run, state, createdAt, report: has('report.html'), results: has('summary.json') };
    });
    return context.json(entries);
  });
  app.use('/api/runs/:run/*', async (context, next) =>
    (await source.has(context.req.param('run')))
      ? next()
      : context.json({ error: 'There is no run of this name.' }, 404),
  );
  /** Answers from the feed of a run, after its log was read. */
  const reading = async (
    context: Context,
    answer: (feed: RunFeed) => Response | Promise<Response>,
  ): Promise<Response> => {
    const run = context.req.param('run') ?? '';
    const feed = feeds.enter(run);
    try {
      return (await feed.caughtUp()) ? await answer(feed) : notYet(context);
    } finally {
      feeds.leave(run);
    }
  };
  app.get('/api/runs/:run/stream', (context) => {
    const run = context.req.param('run');
    const known = context.req.header('last-event-id');
    return streamSSE(context, async (stream) => {
      const feed = feeds.enter(run);
      const ended = new AbortController();
      stream.onAbort(() => ended.abort());
      const cut = fromEvent(ended.signal, 'abort');
      try {
        let version = feed.versionOf(known);
        await stream.writeSSE({ event: 'hello', data: '', retry: retryMs });
        while (!ended.signal.aborted) {
          const frame = feed.since(version);
          if (frame === null && feed.ended) {
            await stream.writeSSE({ event: 'end', data: '' });
            return;
          }
          if (frame === null) {
            const more = merge(feed.changes.pipe(endWith(null)), timer(beatMs), cut).pipe(take(1));
            await firstValueFrom(more, { defaultValue: null });
            if (feed.since(version) === null && !ended.signal.aborted && !feed.ended)
              await stream.write(': beat\n\n');
          } else {
            version = frame.version;
            await stream.writeSSE({ event: 'frame', id: frame.id, data: frame.data });
          }
        }
      } finally {
        feeds.leave(run);
      }
    });
  });
  app.get('/api/runs/:run/jobs', (context) => {
    const stage = context.req.query('stage') ?? '';
    if (!isStage(stage)) return context.json({ error: 'There is no stage of this name.' }, 404);
    return reading(context, ({ now }) => {
      const jobs: readonly JobEntry[] = now.ledger?.jobsOf(stage) ?? [];
      return context.json({ jobs: jobs.slice(0, mostJobs), more: Math.max(0, jobs.length - mostJobs) });
    });
  });
  app.get('/api/runs/:run/curve', (context) => {
    const job = context.req.query('job') ?? '';
    return reading(context, async ({ run, curves, now }) => {
      const ended = ['done', 'cached'].includes(now.ledger?.stateOf(job) ?? '');
      const directory = source.directory(run);
      const whole = ended && directory !== null ? historyOf(directory, job) : null;
      if (whole !== null) return context.json(whole);
      // A curve that was evicted from memory is read from the log, up to the last event that is known now.
      const curve = curves.of(job) ?? (await readCurve(source.news(run), job, now.seq));
      return curve === null ? notYet(context) : context.json(curve);
    });
  });
  app.get('/api/runs/:run/report', (context) => {
    const directory = source.directory(context.req.param('run'));
    const path = join(directory ?? '', 'report.html');
    if (directory === null || !existsSync(path))
      return context.json({ error: 'There is no report yet.' }, 404);
    // The report has its own, stricter content security policy in its `<head>`, with the hash of its only script.
    return context.body(Readable.toWeb(createReadStream(path)) as ReadableStream, 200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    });
  });
  app.route('/', resultRoutes(source));
  const slides = slideRoutes(source);
  app.route('/', slides.routes);
  app.notFound((context) => context.json({ error: 'There is nothing here.' }, 404));
  /** Tells the watchers that the page is about to end. */
  const close = async (): Promise<void> => {
    await feeds.close();
    void slides.close();
  };
  return { app, feeds, close };
}

const notYet = (context: Context): Response =>
  context.json({ error: 'The log of this run is still being read. Try again in some seconds.' }, 503);

const isStage = (text: string): text is StageName => (stageNames as readonly string[]).includes(text);
