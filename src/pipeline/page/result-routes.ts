import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Hono, type MiddlewareHandler } from 'hono';
import type { PatientTable } from '../../page/wire.js';
import type { PageSource } from './page-source.js';
import { patientTable } from './patient-table.js';
import { tableOf, tablesOf } from './result-tables.js';

/** What the routes need to know about the run. */
interface Known {
  readonly Variables: { directory: string };
}

/** Number of runs whose patients stay in memory. */
const mostKept = 4;

/** Tables and patients of a run whose directory is on this machine. */
export function resultRoutes(source: PageSource) {
  const routes = new Hono<Known>();
  const kept = new Map<string, Promise<PatientTable>>();
  const noted: MiddlewareHandler<Known> = async (context, next) => {
    const directory = source.directory(context.req.param('run') ?? '');
    if (directory === null)
      return context.json({ error: 'The files of this run are on another machine.' }, 404);
    context.set('directory', directory);
    return next();
  };
  for (const path of ['/api/runs/:run/tables', '/api/runs/:run/tables/:name', '/api/runs/:run/patients'])
    routes.use(path, noted);
  routes.get('/api/runs/:run/tables', (context) => context.json(tablesOf(context.get('directory'))));
  routes.get('/api/runs/:run/tables/:name', async (context) => {
    const table = await tableOf(context.get('directory'), context.req.param('name'));
    return table ? context.json(table) : context.json({ error: 'There is no table of this name.' }, 404);
  });
  routes.get('/api/runs/:run/patients', async (context) => {
    const directory = context.get('directory');
    const changed = statSync(join(directory, 'summary.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const key = `${directory} ${changed}`;
    const table = kept.get(key) ?? patientTable(directory);
    kept.delete(key);
    // A run without summary.json may still change, so its patients are read again at each request.
    if (changed > 0) kept.set(key, table);
    // An error is not kept, because a file that cannot be parsed now may be repaired later.
    table.catch(() => kept.delete(key));
    for (const [oldest] of [...kept].slice(0, Math.max(0, kept.size - mostKept))) kept.delete(oldest);
    return context.json(await table);
  });
  return routes;
}
