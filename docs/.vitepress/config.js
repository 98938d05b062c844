import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';

const root = join(import.meta.dirname, '../..');

/** The table of contents of README.md, as the sidebar: a line such as `By task:` and its list of links are a group. */
function sidebar() {
  const groups = [];
  const [, contents = ''] = readFileSync(join(root, 'README.md'), 'utf8').split('## Documentation');
  for (const line of contents.split('\n')) {
    const heading = /^([A-Z][^[]*):$/.exec(line)?.[1];
    if (heading !== undefined) groups.push({ text: heading, items: [] });
    for (const [, path = ''] of line.startsWith('- [') ? line.matchAll(/\]\(([^)#:]+\.md)\)/g) : [])
      groups.at(-1)?.items.push({ text: titleOf(path), link: `/${path}` });
  }
  return groups;
}

/** The first heading of a page. */
const titleOf = (path) =>
  /^# (.+)/m.exec(readFileSync(join(root, path), 'utf8'))?.[1]?.replaceAll('`', '') ?? path;

/** Anchors as code hosts make them, so that a link works in the repository and on the site. */
const slugify = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

/** The pages of the repository as a site: `npm run site`. Its pages ask no other machine for anything. */
export default defineConfig({
  title: 'haf-pipeline',
  description: 'From a cohort to a survival classifier that stays reliable when modalities are missing.',
  srcDir: root,
  srcExclude: ['**/node_modules/**', 'dist/**', 'test/**', 'runs/**', 'data/**', '.github/**', '.haf/**'],
  rewrites: { 'README.md': 'index.md' },
  outDir: join(root, 'dist/site'),
  cacheDir: join(root, 'dist/site-cache'),
  // Pages are plain Markdown: `<id>` is text, not an element.
  markdown: { html: false, anchor: { slugify }, headers: { slugify } },
  // Experiments that pages link to.
  buildEnd: ({ outDir }) => cpSync(join(root, 'examples'), join(outDir, 'examples'), { recursive: true }),
  themeConfig: { sidebar: sidebar(), outline: [2, 3], search: { provider: 'local' } },
});
