import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import type { TestContext } from 'vitest';
import { parseAllDocuments } from 'yaml';

export const root = join(import.meta.dirname, '../..');
const deploy = join(root, 'deploy');

/** Paths of all files below deploy/, except those of deploy/nats, which other tests cover. */
export const deployFiles: readonly string[] = readdirSync(deploy, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(deploy, join(entry.parentPath, entry.name)))
  .filter((path) => !path.startsWith('nats/'))
  .sort();

export const pathOf = (file: string): string => join(deploy, file);
export const textOf = (file: string): string => readFileSync(pathOf(file), 'utf8');

/** A part of a parsed YAML document. Its type promises a value for every key. A missing key fails at run time. */
export interface Yaml {
  readonly [key: string]: Yaml;
}

/** Parses the documents of a YAML text and resolves the merge key `<<`. @throws Error at the first syntax error */
export function documentsOf(text: string): Yaml[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Yaml;
  });
}

export const listOf = (value: Yaml | undefined): Yaml[] => (value ?? []) as unknown as Yaml[];
export const wordOf = (value: Yaml | undefined): string => value as unknown as string;
export const wordsOf = (value: Yaml | undefined): string[] => (value ?? []) as unknown as string[];

/** Path of an optional program. If it is missing, the test is skipped with a note on how to install it. */
export function needs(context: TestContext, program: string, install: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', join(homedir(), '.local/bin')];
  const found = folders.map((folder) => join(folder, program)).find(isExecutable);
  return found ?? context.skip(`${program} is not installed: ${install}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The value after an option, in seconds. */
export function secondsAfter(option: string, args: readonly string[]): number {
  const at = args.indexOf(option);
  if (at < 0) throw new Error(`no ${option} in ${args.join(' ')}`);
  return Number(args[at + 1]);
}
