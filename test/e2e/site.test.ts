import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const generator = join(root, 'docs/.vitepress/node_modules/vitepress/bin/vitepress.js');
const installed = existsSync(generator);
if (!installed)
  console.warn('SKIPPED: the generator of the site is not installed (npm ci --prefix docs/.vitepress)');

const site = mkdtempSync(join(tmpdir(), 'haf-site-'));
afterAll(() => rmSync(site, { recursive: true, force: true }));

/** Values of an attribute of all elements with these names, in the order of the page. */
const valuesOf = (html: string, elements: string, attribute: string): readonly string[] =>
  [...html.matchAll(new RegExp(`<(?:${elements})\\b[^>]*\\s${attribute}="([^"]+)"`, 'g'))].map(
    ([, value = '']) => value.replaceAll('&amp;', '&'),
  );

/** The file that a link of a page leads to. */
function fileOf(page: string, path: string): string {
  if (path === '') return page;
  const file = path.startsWith('/') ? join(site, path) : resolve(dirname(page), decodeURI(path));
  return existsSync(file) && statSync(file).isDirectory() ? join(file, 'index.html') : file;
}

describe.skipIf(!installed)('the site of the documentation', () => {
  const pages = new Map<string, string>();
  beforeAll(() => {
    const { status, stderr } = spawnSync(process.execPath, [generator, 'build', 'docs', '--outDir', site], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    for (const name of readdirSync(site, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.html')) pages.set(join(site, name), readFileSync(join(site, name), 'utf8'));
  }, 300_000);

  it('has every page of the repository', () => {
    const names = [...pages.keys()].map((page) => relative(site, page));
    const documents = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
    expect(names).toEqual(
      expect.arrayContaining([
        ...documents.map((name) => `docs/${name.replace('.md', '.html')}`),
        ...['index.html', 'CONTRIBUTING.html', 'CHANGELOG.html', 'deploy/README.html'],
      ]),
    );
  });

  it('leads nowhere that is not there, and loads nothing from elsewhere', () => {
    const broken: string[] = [];
    let followed = 0;
    for (const [page, html] of pages) {
      for (const loaded of valuesOf(html, 'script|img', 'src').concat(valuesOf(html, 'link', 'href')))
        if (!existsSync(fileOf(page, loaded))) broken.push(`${relative(site, page)} loads ${loaded}`);
      for (const link of valuesOf(html, 'a', 'href')) {
        if (/^[a-z]+:/.test(link)) continue;
        followed++;
        const [path = '', anchor] = link.split('#');
        const file = fileOf(page, path);
        const there = anchor === undefined || pages.get(file)?.includes(`id="${decodeURIComponent(anchor)}"`);
        if (!existsSync(file) || there !== true) broken.push(`${relative(site, page)} links to ${link}`);
      }
    }
    expect(broken).toEqual([]);
    expect(followed).toBeGreaterThan(1000);
  });
});
