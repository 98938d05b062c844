import { type Command, CommanderError } from 'commander';
import { buildProgram } from '../../src/pipeline/cli/program.js';
import { pageBlocks } from '../support/page-steps.js';
import { deployFiles, documentsOf, textOf } from './deploy-files.js';

export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
}

/** The arguments of every `haf-pipeline` command line in the files below deploy/. */
export function commandLines(): CommandLine[] {
  return deployFiles.flatMap((file) => linesOf(file).map((args) => ({ file, args })));
}

function linesOf(file: string): (readonly string[])[] {
  const text = textOf(file);
  if (file.endsWith('.md')) {
    return inPage(text);
  }
  if (file.endsWith('.sbatch')) return inScript(text);
  if (file.endsWith('.service'))
    return [...text.matchAll(/^ExecStart=(.*)$/gm)].flatMap(([, line = '']) =>
      inScript(line.replaceAll('%i', 'gpu')),
    );
  if (file.endsWith('.yaml') && !/kustomization|values/.test(file)) return documentsOf(text).flatMap(inYaml);
  return [];
}

/**
 * The arguments of every `haf-pipeline` command line in a page: in blocks of shell code, and in code spans of the text.
 */
export function inPage(text: string): (readonly string[])[] {
  const blocks = pageBlocks(text).filter(({ language }) => language === 'sh');
  const spans = text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`((?:[A-Z_]+=\S+ )*haf-pipeline [^`\n]+)`/g);
  return [...blocks.map((block) => block.text), ...[...spans].map(([, span = '']) => span)].flatMap(inScript);
}

/**
 * Command lines in services of Compose and in containers of Kubernetes at any depth. Their image starts `haf-pipeline`,
 * so they hold only its arguments.
 */
function inYaml(node: unknown): (readonly string[])[] {
  if (Array.isArray(node)) return node.flatMap(inYaml);
  if (typeof node !== 'object' || node === null) return [];
  const { image, args, command } = node as Record<string, unknown>;
  const ours = typeof image === 'string' && image.startsWith('haf-pipeline');
  const inCompose = ours && args === undefined && !('name' in node) ? command : undefined;
  const here = (ours ? (args ?? inCompose) : undefined) as readonly string[] | undefined;
  return [...(here ? [here] : []), ...Object.values(node).flatMap(inYaml)];
}

const inScript = (script: string): (readonly string[])[] =>
  commandsOf(script).flatMap((words) => {
    const image = words[0] === 'docker' && words[1] === 'run' ? /^haf-pipeline:/ : /^$/;
    const at = words.findIndex((word) => /^(.*\/bin\/)?haf-pipeline(\.js)?$/.test(word) || image.test(word));
    return at >= 0 && at + 1 < words.length ? [words.slice(at + 1)] : [];
  });

/**
 * The simple commands of a shell script, as lists of words. Understands only the shell syntax that deploy/ and the
 * pages use.
 */
function commandsOf(script: string): string[][] {
  const commands: string[][] = [[]];
  const tokens = script
    .replaceAll('\\\n', ' ')
    .matchAll(/(?<comment>#[^\n]*)|(?<end>&&|\|\||[;|&\n])|(?<word>(?:"[^"]*"|'[^']*'|\\.|[^\s;|&"'])+)/g);
  for (const { groups } of tokens) {
    if (groups?.['end']) commands.push([]);
    else if (groups?.['word']) commands.at(-1)?.push(groups['word'].replaceAll(/["']/g, ''));
  }
  return commands.map(withoutRedirections);
}

function withoutRedirections(words: string[]): string[] {
  const at = words.findIndex((word) => /^\d?[<>]/.test(word));
  return at < 0 ? words : words.slice(0, at);
}

/** The error message of the program for these arguments. Null if it accepts them. No command is run. */
export function complaintAbout(args: readonly string[]): string | null {
  const program = buildProgram();
  silence(program);
  try {
    program.parse(['node', 'haf-pipeline', ...args]);
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? null : error.message;
  }
}

function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
  if (command.commands.length === 0) command.action(() => {});
  else command.commands.forEach(silence);
}
