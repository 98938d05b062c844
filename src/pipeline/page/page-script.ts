import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Loads modules as Node loads CommonJS modules. Paths are relative to the requiring module. */
const loader = `const made = new Map();
const load = (name) => {
  if (made.has(name)) return made.get(name);
  const exports = {};
  made.set(name, exports);
  modules[name](exports, (path) => load(new URL(path, 'module:/' + name).pathname.slice(1)));
  return exports;
};
`;

/**
 * The modules of the page (`src/page`, compiled as CommonJS) as one classic script that starts `page/app.js`. A single
 * file needs one request, while ES modules would need four rounds of requests. Browsers also run a classic script when
 * the page is opened from the file system, where they refuse ES modules.
 *
 * @param folder of the compiled modules
 */
export async function pageScript(folder: string): Promise<string> {
  const found = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.js')).sort();
  const parts = await Promise.all(
    found.map(async (name) => {
      const code = await readFile(join(folder, name), 'utf8');
      return `${JSON.stringify(name.split(sep).join('/'))}: function (exports, require) {\n${code}\n}`;
    }),
  );
  return `'use strict';\n(() => {\nconst modules = {\n${parts.join(',\n')}\n};\n${loader}load('page/app.js');\n})();\n`;
}
