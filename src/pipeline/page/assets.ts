import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pageScript } from './page-script.js';
import { pageStyle } from './page-style.js';

interface Asset {
  readonly type: string;
  readonly read: () => Promise<string>;
}

/**
 * The files of the page by address: its script and style, uPlot and OpenSeadragon. All are read at the start, because a
 * server that reads the log of a run has little time for files. An address that is not in this table is refused, so no
 * address can lead to another file.
 */
export function pageAssets(): ReadonlyMap<string, Asset> {
  const script = 'text/javascript; charset=utf-8';
  const style = 'text/css; charset=utf-8';
  const kept = (type: string, text: Promise<string>): Asset => {
    // The client that requests the file gets the error. Until then, this handler keeps Node from ending the process
    // because of an unhandled rejection.
    text.catch(() => undefined);
    return { type, read: () => text };
  };
  const fileOf = (path: string, type: string): Asset => kept(type, readFile(path, 'utf8'));
  const uplot = join(packageFolder('uplot'), 'dist');
  const viewer = join(packageFolder('openseadragon'), 'build/openseadragon');
  return new Map([
    ['page.js', kept(script, pageScript(compiledFolder()))],
    ['style.css', kept(style, Promise.resolve(pageStyle))],
    ['uplot.js', fileOf(join(uplot, 'uPlot.iife.min.js'), script)],
    ['uplot.css', fileOf(join(uplot, 'uPlot.min.css'), style)],
    ['openseadragon.js', fileOf(join(viewer, 'openseadragon.min.js'), script)],
  ]);
}

/** The folder `dist/page`, also when this code runs from its sources, as in tests. */
function compiledFolder(): string {
  const root = join(import.meta.dirname, '../../..');
  return existsSync(join(root, 'page/page/app.js')) ? join(root, 'page') : join(root, 'dist/page');
}

/** The folder of a package, found by its entry point, because the package may not export its package.json. */
function packageFolder(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
