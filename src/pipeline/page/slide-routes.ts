import { createReadStream, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { HafError } from '../core/errors.js';
import { RunDirectory } from '../runs/run-directory.js';
import type { PageSource } from './page-source.js';
import { patientSlides, slidesOf, type ShownPatient } from './patient-slides.js';
import { SlideCache } from './slide-cache.js';

/** Number of patients that are remembered. A viewer asks for hundreds of tiles of one patient. */
const mostPatients = 16;
/** Maximum age of remembered patients, because a running run may get more slides. */
const freshMs = 10_000;
/** Side length of a tile, equal to that in `operators/tiling/deep-zoom.ts`. */
const side = 256;

/** Serves slides of a patient as Deep Zoom tiles, with attention and contours. */
export function slideRoutes(source: PageSource) {
  const routes = new Hono();
  const cache = new SlideCache();
  const known = new Map<string, { readonly at: number; readonly shown: ShownPatient | null }>();

  const patientOf = async (run: string, id: string): Promise<ShownPatient | null> => {
    const directory = source.directory(run);
    if (directory === null) return null;
    const key = JSON.stringify([run, id]);
    const before = known.get(key);
    if (before && performance.now() - before.at < freshMs) return before.shown;
    const { usualStep } = await import('../../operators/heatmaps/usual-step.js');
    const { dataRoot } = new RunDirectory(dirname(directory), basename(directory)).info();
    const shown = patientSlides(directory, dataRoot, id, usualStep);
    known.delete(key);
    known.set(key, { at: performance.now(), shown });
    for (const [oldest] of [...known].slice(0, Math.max(0, known.size - mostPatients))) known.delete(oldest);
    return shown;
  };
  const slideOf = async (run: string, id: string, slide: string) =>
    (await patientOf(run, id))?.slides[/^\d{1,5}$/.test(slide) ? Number(slide) : -1];
  const none = { error: 'There is no such slide.' };
  const home = '/api/runs/:run/patients/:id';

  routes.get(home, async (context) => {
    const { run, id } = context.req.param();
    const shown = await patientOf(run, id);
    return shown
      ? context.json(slidesOf(id, shown))
      : context.json({ error: 'The run has no slides and no attention of this patient.' }, 404);
  });
  routes.get(`${home}/heatmaps/:file`, async (context) => {
    const { run, id, file } = context.req.param();
    const picture = (await patientOf(run, id))?.heatmaps.get(file);
    return picture
      ? context.body(streamed(picture.path), 200, { 'content-type': 'image/png' })
      : context.json(none, 404);
  });
  routes.get(`${home}/slides/:slide/attention/:name`, async (context) => {
    const { run, id, slide, name } = context.req.param();
    const attention = (await slideOf(run, id, slide))?.tiles.get(name);
    return attention ? context.json(attention) : context.json(none, 404);
  });
  routes.get(`${home}/slides/:slide/overlay`, async (context) => {
    const { run, id, slide } = context.req.param();
    const overlay = (await slideOf(run, id, slide))?.overlay ?? null;
    if (overlay === null) return context.json(none, 404);
    return context.body(streamed(overlay), 200, { 'content-type': 'image/jpeg' });
  });
  routes.get(`${home}/slides/:slide/contours`, async (context) => {
    const { run, id, slide } = context.req.param();
    const file = (await slideOf(run, id, slide))?.contoursFile ?? null;
    if (file === null) return context.json(none, 404);
    return context.body(readFileSync(file, 'utf8'), 200, { 'content-type': 'application/json' });
  });
  routes.get(`${home}/slides/:file{[0-9]+\\.dzi}`, async (context) => {
    const { run, id, file } = context.req.param();
    const wanted = (await slideOf(run, id, file.replace('.dzi', '')))?.file ?? null;
    if (wanted === null) return context.json(none, 404);
    try {
      const { width, height } = await cache.size(wanted);
      const xml = `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="0" TileSize="${side}">
  <Size Width="${width}" Height="${height}"/>
</Image>
`;
      return context.body(xml, 200, { 'content-type': 'application/xml; charset=utf-8' });
    } catch (error) {
      return context.json({ error: whyNot(error) }, 422);
    }
  });
  routes.get(
    `${home}/slides/:files{[0-9]+_files}/:level{[0-9]+}/:tile{[0-9]+_[0-9]+\\.jpg}`,
    async (context) => {
      const { run, id, files, level, tile } = context.req.param();
      const wanted = (await slideOf(run, id, files.replace('_files', '')))?.file ?? null;
      if (wanted === null) return context.json(none, 404);
      const [column, row] = tile.replace('.jpg', '').split('_').map(Number);
      try {
        const cut = await cache.tile(wanted, Number(level), column ?? -1, row ?? -1);
        if (cut === null) return context.json({ error: 'There is no such tile.' }, 404);
        return context.body(new Uint8Array(cut), 200, {
          'content-type': 'image/jpeg',
          'cache-control': 'private, max-age=600',
        });
      } catch (error) {
        return context.json({ error: whyNot(error) }, 422);
      }
    },
  );
  return { routes, close: () => cache.close() };
}

/**
 * Why a slide cannot be shown, as a text for users. Only errors about the user's file are sent. Other errors may
 * contain paths of this machine.
 */
const whyNot = (error: unknown): string =>
  error instanceof HafError ? `${error.code} ${error.what}` : 'The slide cannot be read.';

const streamed = (path: string): ReadableStream => Readable.toWeb(createReadStream(path)) as ReadableStream;
