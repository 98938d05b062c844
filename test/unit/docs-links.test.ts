import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'CODE_OF_CONDUCT.md',
  'deploy/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const withoutCode = (text: string): string =>
  text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, 'code');

/** Targets of links that name no other site. */
const linksOf = (text: string): readonly string[] =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));

/** The anchors GitHub gives to the headings of a page: a heading that comes again gets a number. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replace(/^```.*?^```/gms, '').matchAll(/^#{1,6}\s+(.*)$/gm)) {
    const words = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/** What is wrong with the links of a page. */
function brokenLinks(page: string, text: string): readonly string[] {
  return linksOf(text).filter((target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? join(root, page) : resolve(root, dirname(page), decodeURI(path));
    if (relative(root, file).startsWith('..') || !existsSync(file)) return true;
    if (anchor === undefined || !file.endsWith('.md')) return false;
    return !anchorsOf(readFileSync(file, 'utf8')).has(decodeURIComponent(anchor));
  });
}

describe('the links of the documentation', () => {
  it.each(pages)('lead to files and headings that exist: %s', (page) => {
    expect(brokenLinks(page, readFileSync(join(root, page), 'utf8'))).toEqual([]);
  });

  it('are found, and broken ones are told', () => {
    const text =
      '[a](docs/method.md) [b](docs/none.md) [c](docs/method.md#no-such) [d](https://example.org/x.md)';
    expect(brokenLinks('README.md', text)).toEqual(['docs/none.md', 'docs/method.md#no-such']);
    const all = pages.flatMap((page) => linksOf(readFileSync(join(root, page), 'utf8')));
    expect(all.length).toBeGreaterThan(40);
  });
});
