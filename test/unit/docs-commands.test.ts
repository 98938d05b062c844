import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaintAbout, inPage } from '../deploy/command-lines.js';
import { flagOf, pageBlocks, reasonsNotToRun } from '../support/page-steps.js';

const root = resolve(import.meta.dirname, '../..');
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'deploy/README.md'],
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

const programs = ['sh', 'js', 'python'];
const others = ['text', 'yaml', 'json'];

/**
 * Finds the faults in the blocks of a page. Each block of commands must be run by a test, or name a known reason why it
 * is not run.
 */
function complaintsAbout(page: string): readonly string[] {
  const blocks = pageBlocks(page).flatMap(({ line, language, info }) => {
    if (others.includes(language)) return [];
    if (!programs.includes(language))
      return [`line ${line}: "${language}" is none of ${[...programs, ...others].join(', ')}`];
    const runs = info.split(' ').includes('run');
    const reason = flagOf(info, 'needs');
    if (runs === (reason !== null)) return [`line ${line}: add either "run" or "needs=REASON"`];
    return reason === null || Object.hasOwn(reasonsNotToRun, reason)
      ? []
      : [`line ${line}: unknown reason ${reason}`];
  });
  const withoutBlocks = page.replace(/^```.*?^```$/gms, (block) => block.replace(/[^\n]/g, ''));
  const indented = [
    ...withoutBlocks.matchAll(/^ {4}(?:haf-pipeline|npm|npx|node|pip|docker|kubectl|sudo) .*$/gm),
  ];
  return [...blocks, ...indented.map(([line]) => `put into a block: ${line.trim()}`)];
}

/**
 * The error message of the program for a command in a page. Null if the program accepts the command. The text of a page
 * may name a command without its arguments, so missing arguments of a bare name are no error.
 */
function refusalOf(args: readonly string[]): string | null {
  const words = args.map((arg) => (arg === 'STAGE' ? 'stage3' : arg.replace(/^\[|\]$|,$/g, '')));
  const complaint = complaintAbout(words);
  const isName = words.every((word) => /^[a-z-]+$/.test(word));
  return isName && /missing required argument|required option/.test(complaint ?? '') ? null : complaint;
}

describe('the commands of the pages', () => {
  it.each(pages)('are run by a test, or say why not: %s', (page) => {
    expect(complaintsAbout(textOf(page))).toEqual([]);
  });

  it.each(pages)('exist with all their options: %s', (page) => {
    const lines = inPage(textOf(page)).filter(([command = '']) => /^[a-z]/.test(command));
    const wrong = lines.flatMap((args) => {
      const complaint = refusalOf(args);
      return complaint === null ? [] : [`${args.join(' ')}: ${complaint}`];
    });
    expect(wrong).toEqual([]);
  });

  it('are found, and faults are told', () => {
    const page = [
      '```sh\nls\n```\n',
      '```sh needs=nothing\nls\n```\n',
      '```sh run needs=network\nls\n```\n',
      '```\nls\n```\n',
      '```sh needs=network\nhaf-pipeline doctor --jsonn\n```\n',
      '    npm install x\n',
    ].join('\n');
    expect(complaintsAbout(page)).toEqual([
      'line 1: add either "run" or "needs=REASON"',
      'line 5: unknown reason nothing',
      'line 9: add either "run" or "needs=REASON"',
      'line 13: "" is none of sh, js, python, text, yaml, json',
      'put into a block: npm install x',
    ]);
    expect(inPage(page)).toEqual([['doctor', '--jsonn']]);
    expect(inPage('`HAF_BACKEND=onnx haf-pipeline up -c FILE` and `haf-pipeline ls`')).toEqual([
      ['up', '-c', 'FILE'],
      ['ls'],
    ]);
    expect(pages.flatMap((file) => inPage(textOf(file))).length).toBeGreaterThan(100);
  });
});
