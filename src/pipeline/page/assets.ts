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
 * The files of the page by address: its script and style, and the two libraries. Addresses are looked up in this table alone, so
 * none can lead to another file.
 */
export function pageAssets(): ReadonlyMap<string, Asset> {
  const script = 'text/javascript; charset=utf-8';
  const style = 'text/css; charset=utf-8';
  const fileOf = (path: string, type: string): Asset => ({ type, read: () => readFile(path, 'utf8') });
  const uplot = join(packageFolder('uplot'), 'dist');
  const viewer = join(packageFolder('openseadragon'), 'build/openseadragon');
  return new Map([
    ['page.js', { type: script, read: () => pageScript(compiledFolder()) }],
    ['style.css', { type: style, read: () => Promise.resolve(pageStyle) }],
    ['uplot.js', fileOf(join(uplot, 'uPlot.iife.min.js'), script)],
    ['uplot.css', fileOf(join(uplot, 'uPlot.min.css'), style)],
    ['openseadragon.js', fileOf(join(viewer, 'openseadragon.min.js'), script)],
  ]);
}

/** `dist/page`, also when this code runs from its sources, as in tests. */
function compiledFolder(): string {
  const root = join(import.meta.dirname, '../../..');
  return existsSync(join(root, 'page/page/app.js')) ? join(root, 'page') : join(root, 'dist/page');
}

/** The folder of a package, by its entry point: its package.json may not be exported. */
function packageFolder(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
