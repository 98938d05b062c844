import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Frame, RunEntry } from '../../src/page/wire.js';
import { directorySource } from '../../src/pipeline/page/directory-source.js';
import { pageAddress } from '../../src/pipeline/page/page-address.js';
import { pageApp } from '../../src/pipeline/page/page-app.js';
import { servePage } from '../../src/pipeline/page/serve-page.js';
import {
  begun,
  doneJob,
  endedRun,
  epochOf,
  failedJob,
  queuedJob,
  startedJob,
  WatchedRun,
} from '../support/watched-run.js';

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function pageOf(run: WatchedRun, token: string | null = null) {
  const { app, close } = pageApp(directorySource(run.runs), { token, hosts: [], secure: false });
  closing.push(close, () => rmSync(run.runs, { recursive: true, force: true }));
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    Promise.resolve(
      app.request(`http://127.0.0.1${path}`, { headers: { host: '127.0.0.1:80', ...headers } }),
    );
  return { app, get };
}

interface Received extends Frame {
  readonly id: string;
}

/** The frames of an event stream, up to the one that fulfils the condition `until`. Then the stream is cancelled. */
async function frames(response: Response, until: (all: Frame) => boolean, ms = 10_000): Promise<Received[]> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const found: Received[] = [];
  let [text, all]: [string, Frame] = ['', {}];
  for (const end = Date.now() + ms; Date.now() < end;) {
    const part = await Promise.race([reader.read(), sleep(end - Date.now(), null)]);
    if (part === null || part.done) break;
    text += part.value;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
      if (fields.get('event') !== 'frame') continue;
      const frame = JSON.parse(fields.get('data') ?? '') as Frame;
      all = { ...all, ...frame };
      found.push({ id: fields.get('id') ?? '', ...frame });
    }
    if (until(all)) break;
  }
  await reader.cancel();
  return found;
}

const merged = (found: readonly Frame[]): Frame => Object.assign({}, ...found) as Frame;

describe('the server of the page', () => {
  it('answers under its own names alone, reads only, and lets no inline script run', async () => {
    const { app, get } = pageOf(new WatchedRun());
    const page = await get('/');
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|http/);
    expect(await page.text()).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|style="/);
    for (const host of ['evil.example', 'evil.example:80', '', 'localhost.evil.example'])
      expect((await get('/', { host })).status, host).toBe(421);
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:80', '10.0.0.5:443'])
      expect((await get('/', { host })).status, host).toBe(200);
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect(
        (await app.request('http://127.0.0.1/api/runs', { method, headers: { host: '127.0.0.1' } })).status,
      ).toBe(405);
  });

  it('lets no address lead to another file', async () => {
    const { get } = pageOf(new WatchedRun());
    const tricks = [
      '../../package.json',
      '..%2f..%2fpackage.json',
      '%2e%2e/package.json',
      'page/../../x.js',
      'page%00.js',
    ];
    for (const trick of tricks) expect((await get(`/assets/${trick}`)).status, trick).toBe(404);
    for (const run of ['..', '%2e%2e', '..%2fdemo-1', 'demo-1%2f..', '.', 'demo-1%00', '%5c..', 'none'])
      for (const what of ['stream', 'report', 'jobs?stage=embed', 'curve?job=x'])
        expect((await get(`/api/runs/${run}/${what}`)).status, `${run} ${what}`).toBe(404);
    expect((await get('/assets/page.js')).headers.get('content-type')).toContain('text/javascript');
  });

  it('asks for the token, and takes it from a header or as a cookie that scripts cannot read', async () => {
    const { get } = pageOf(new WatchedRun(), 'a-token-of-a-test');
    expect((await get('/')).status).toBe(200);
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    expect((await get('/api/session', bearer('wrong'))).status).toBe(401);
    expect((await get('/api/runs', bearer('a-token-of-a-test'))).status).toBe(200);
    const session = await get('/api/session', bearer('a-token-of-a-test'));
    const [cookie = ''] = session.headers.getSetCookie();
    expect([session.status, cookie]).toEqual([204, expect.stringMatching(/HttpOnly.*SameSite=Strict/)]);
    expect(cookie).not.toContain('a-token-of-a-test');
    expect((await get('/api/runs', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
    const [name = ''] = cookie.split('=');
    for (const headers of [{}, bearer('wrong'), { cookie: `${name}=wrong` }, { cookie: `${name}=` }]) {
      expect((await get('/api/runs', headers)).status).toBe(401);
      expect((await get('/api/runs/demo-1/stream', headers)).status).toBe(401);
    }
  });

  it('has a cookie of its own, so a log-in to the page on another port ends none here', async () => {
    const pages = [1, 2].map(() => pageOf(new WatchedRun(), 'a-token-of-a-test'));
    const jar = new Map<string, string>();
    // A browser sends the cookies of a host to all its ports, so each page also gets the cookie of the other page.
    const sent = () => ({ cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') });
    for (const { get } of pages) {
      const session = await get('/api/session', { ...sent(), authorization: 'Bearer a-token-of-a-test' });
      for (const cookie of session.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]+)/.exec(cookie) ?? [];
        jar.set(name, value);
      }
    }
    for (const { get } of pages) expect((await get('/api/runs', sent())).status).toBe(200);
  });

  it('lists the runs; one whose process is gone is interrupted', async () => {
    const run = new WatchedRun();
    new WatchedRun('other-2', run.runs);
    const { get } = pageOf(run);
    const runs = (await (await get('/api/runs')).json()) as RunEntry[];
    expect(runs.map(({ run: name, state, report }) => [name, state, report]).sort()).toEqual([
      ['demo-1', 'interrupted', false],
      ['other-2', 'interrupted', false],
    ]);
  });

  it('streams the state of a run, and after a cut only what was missed', async () => {
    const run = new WatchedRun();
    const unit = { fold: 0, method: 'haf' };
    run.tell(begun(), queuedJob('stage3', unit), startedJob('stage3', unit), doneJob('stage3', unit));
    run.tell(
      doneJob('evaluate', unit, { testAuc: 0.7 }),
      doneJob('evaluate', { ...unit, fold: 1 }, { testAuc: 0.8 }),
    );
    run.tell(
      doneJob('evaluate', { ...unit, fold: 2 }, { testAuc: null }),
      failedJob('stage3', { fold: 1, method: 'drop' }),
    );
    const { get } = pageOf(run);
    const first = await frames(await get('/api/runs/demo-1/stream'), ({ head }) => head?.ended === 5);
    const all = merged(first);
    expect(all.head).toMatchObject({ ended: 5, jobs: 14, failures: 1, link: 'ok', unread: 0 });
    expect(all.stages?.map(({ stage, waiting, done, failed }) => [stage, waiting, done, failed])).toEqual([
      ['embed', 2, 0, 0],
      ['stage3', 4, 1, 1],
      ['evaluate', 3, 3, 0],
    ]);
    const [haf, drop] = all.scores?.rows ?? [];
    expect(haf).toMatchObject({ method: 'haf', folds: [0.7, 0.8, 'n/a'], n: 2 });
    expect([haf?.mean, haf?.sd]).toEqual([expect.closeTo(0.75, 12), expect.closeTo(0.05, 12)]);
    expect(drop).toEqual({ method: 'drop', folds: [null, null, null], mean: null, sd: null, n: 0 });
    expect(all.failures).toEqual([
      {
        ...{ job: 'stage3/1/drop', stage: 'stage3', state: 'failed', code: 'HAF_WORKER_DIED' },
        ...{ what: 'It died.', fix: 'Look at the memory.', command: 'haf-pipeline failures demo-1' },
      },
    ]);
    // No process executes the run, so no remaining time is shown.
    expect(all.head?.left).toBeNull();

    await sleep(3000);
    const known = first.at(-1)?.id ?? '';
    run.tell(startedJob('stage3', { fold: 2, method: 'drop' }, 'w2'));
    const missed = await frames(
      await get('/api/runs/demo-1/stream', { 'last-event-id': known }),
      ({ running }) => running?.length === 1,
    );
    expect(merged(missed)).not.toHaveProperty('scores');
    expect(merged(missed)).not.toHaveProperty('failures');
    // The id of a frame from another server process is not known here, so all sections are sent.
    const other = await frames(
      await get('/api/runs/demo-1/stream', { 'last-event-id': 'deadbeef.99' }),
      ({ scores }) => scores !== undefined,
    );
    expect(Object.keys(merged(other)).sort()).toEqual(Object.keys(all).sort());
  });

  it('answers of jobs and curves once the whole log is read, however long it is', async () => {
    const run = new WatchedRun();
    const jobs = Array.from({ length: 8000 }, (_, at) => queuedJob('stage3', { fold: 0, file: `${at}` }));
    const unit = { fold: 1, method: 'haf' };
    run.tell(begun(), ...jobs, startedJob('stage3', unit));
    run.tell(...[1, 2, 3].map((epoch) => epochOf('stage3', unit, epoch, 1 / epoch)));
    expect(statSync(join(run.path, 'events.ndjson')).size).toBeGreaterThan(2 ** 20);
    const { get } = pageOf(run);
    const [listed, curve] = await Promise.all(
      ['jobs?stage=stage3', 'curve?job=stage3%2F1%2Fhaf'].map(async (what) =>
        (await get(`/api/runs/demo-1/${what}`)).json(),
      ),
    );
    expect(listed).toMatchObject({ jobs: { length: 8001 }, more: 0 });
    expect(curve).toEqual({
      job: 'stage3/1/haf',
      epochs: [1, 2, 3],
      lines: [
        { name: 'loss', values: [1, 1 / 2, 1 / 3] },
        { name: 'valAuc', values: [0.5, 0.5, 0.5] },
      ],
    });
  });

  it('tells of events that it does not understand, of the end, and of a run that is deleted', async () => {
    const run = new WatchedRun();
    run.tell(begun());
    run.write('{"v":9,"id":"x","seq":2,"at":"2030-01-01T00:00:00.000Z","type":"job-dreamt"}\nno json\n');
    run.tell(endedRun());
    run.write('{"v":1,"torn');
    const { get } = pageOf(run);
    const told = await frames(await get('/api/runs/demo-1/stream'), ({ head }) => head?.seconds === 62);
    expect(merged(told).head).toMatchObject({ unread: 2, state: 'succeeded', left: null });
    const stream = await get('/api/runs/demo-1/stream');
    rmSync(run.path, { recursive: true });
    const gone = await frames(stream, ({ head }) => head?.link === 'gone');
    expect(merged(gone).head).toMatchObject({ link: 'gone', jobs: 0 });
    expect((await get('/api/runs/demo-1/stream')).status).toBe(404);
  });
});

describe('the address of the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-page-address-'));
  const file = (name: string, text: string, mode = 0o600): string => {
    writeFileSync(join(folder, name), text, { mode });
    return join(folder, name);
  };
  const everywhere = { host: '0.0.0.0', port: 0 };

  it('is loopback and any free port unless somebody says otherwise', () => {
    expect(pageAddress({})).toBeUndefined();
    const local = { host: '127.0.0.1', port: 0, token: null, tls: null, hosts: [] };
    expect(pageAddress({ page: true })).toEqual(local);
  });

  it('needs a token and encryption beyond this machine', () => {
    const pageToken = file('token', 'abcdefghijklmnop\n');
    expect(() => pageAddress({ page: everywhere })).toThrow(/--page-token/);
    expect(() => pageAddress({ page: everywhere, pageToken })).toThrow(/--page-cert .*--page-proxy/);
    expect(pageAddress({ page: everywhere, pageToken, pageProxy: 'haf.lab.example' })).toMatchObject({
      token: 'abcdefghijklmnop',
      hosts: ['haf.lab.example'],
    });
    const tls = { pageCert: file('cert.pem', 'x'), pageKey: file('key.pem', 'x') };
    expect(pageAddress({ page: everywhere, pageToken, ...tls })?.tls).toEqual({
      cert: tls.pageCert,
      key: tls.pageKey,
    });
    expect(() => pageAddress({ page: true, pageCert: tls.pageCert })).toThrow(/belong together/);
    expect(() => pageAddress({ page: true, pageToken: file('short', 'abc') })).toThrow(/holds no token/);
    expect(() => pageAddress({ page: true, pageToken: file('open', 'abcdefghijklmnop', 0o644) })).toThrow(
      /chmod 600/,
    );
    expect(() => pageAddress({ pageToken })).toThrow(/no page is served/);
    rmSync(folder, { recursive: true });
  });

  it('names the process that has the port, and exits with 69', async () => {
    const run = new WatchedRun();
    const address = { host: '127.0.0.1', port: 0, token: null, tls: null, hosts: [] };
    const first = await servePage(address, directorySource(run.runs));
    closing.push(first.close, () => rmSync(run.runs, { recursive: true }));
    const port = Number(new URL(first.urlOf(null)).port);
    const taken = await servePage({ ...address, port }, directorySource(run.runs)).catch(
      (error: unknown) => error,
    );
    expect(taken).toMatchObject({ code: 'HAF_PORT_TAKEN', exitCode: 69 });
    if (process.platform === 'linux') expect(String(taken)).toContain(`process ${process.pid} (`);
  });
});

describe('up without --page', () => {
  /** Packages and files that a module loads by static imports, directly and indirectly. */
  function loadedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
    if (seen.has(file)) return seen;
    seen.add(file);
    const imports = readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )[^;]*?from '([^']+)';$/gms,
    );
    for (const [, path = ''] of imports)
      if (!path.startsWith('.')) seen.add(path);
      else loadedBy(resolve(dirname(file), path.replace(/\.js$/, '.ts')), seen);
    return seen;
  }
  const source = resolve(import.meta.dirname, '../../src/pipeline');

  it('loads nothing of the page but the check of its options', () => {
    const ofPage = (file: string): string[] =>
      [...loadedBy(join(source, file))].filter((name) => /hono|pipeline\/page\//.test(name));
    expect(ofPage('cli/up.ts')).toEqual([join(source, 'page/page-address.ts')]);
    expect(ofPage('page/serve-page.ts')).toEqual(expect.arrayContaining(['hono', '@hono/node-server']));
  });
});
