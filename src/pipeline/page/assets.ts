import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pageStyle } from './page-style.js';

interface Asset {
  readonly type: string;
  readonly read: () => Promise<string>;
}

/** Modules without imports that the page shares with the rest. */
const shared = ['pipeline/core/visible.js', 'operators/heatmaps/colour-map.js'];

/**
 * The files of the page by address: the compiled modules of `src/page`, its style, and the two libraries. Addresses are
 * looked up in this table alone, so none can lead to another file.
 */
export function pageAssets(): ReadonlyMap<string, Asset> {
  const script = 'text/javascript; charset=utf-8';
  const style = 'text/css; charset=utf-8';
  const fileOf = (path: string, type: string): Asset => ({ type, read: () => readFile(path, 'utf8') });
  const compiled = compiledFolder();
  const modules = readdirSync(join(compiled, 'page')).filter((name) => name.endsWith('.js'));
  const uplot = join(packageFolder('uplot'), 'dist');
  const viewer = join(packageFolder('openseadragon'), 'build/openseadragon');
  return new Map([
    ...modules.map((name) => [`page/${name}`, fileOf(join(compiled, 'page', name), script)] as const),
    ...shared.map((name) => [name, fileOf(join(compiled, name), script)] as const),
    ['style.css', { type: style, read: () => Promise.resolve(pageStyle) }],
    ['uplot.js', fileOf(join(uplot, 'uPlot.iife.min.js'), script)],
    ['uplot.css', fileOf(join(uplot, 'uPlot.min.css'), style)],
    ['openseadragon.js', fileOf(join(viewer, 'openseadragon.min.js'), script)],
  ]);
}

/** `dist/src`, also when this code runs from its sources, as in tests. */
function compiledFolder(): string {
  const source = join(import.meta.dirname, '../..');
  return existsSync(join(source, 'page/app.js')) ? source : join(source, '../dist/src');
}

/** The folder of a package, by its entry point: its package.json may not be exported. */
function packageFolder(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
