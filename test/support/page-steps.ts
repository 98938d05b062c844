import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ended } from './cli.js';

/**
 * Documentation pages show commands with their output, and the tests run these commands. The first line of a fenced
 * block says what the tests do with it:
 *
 *     ```sh run a shell script; ends at its first failing command
 *     ```sh run exit=78 ends with this exit code
 *     ```sh run with="--patients 24" adds these arguments to each haf-pipeline command, to make it short
 *     ```sh run with.up="--set cv.folds=2" adds these arguments only to `haf-pipeline up`
 *     ```sh run serves is interrupted after its output is complete
 *     ```sh run folder=other runs in this folder below that of the page; both have the same data and store
 *     ```sh needs=network is not run, for a reason in `reasonsNotToRun`
 *     ```js run a module
 *     ```yaml file=experiment.yaml written to this file
 *     ```text right after a run block: lines of its output, in this order; ... is any text
 */
export interface PageStep {
  /** Line number in the page at which the block begins. */
  readonly line: number;
  readonly language: 'sh' | 'js' | 'file';
  readonly text: string;
  readonly file: string | null;
  /** Arguments added to every haf-pipeline command. */
  readonly more: string;
  /** Arguments added to one haf-pipeline command, by its name. */
  readonly moreFor: Readonly<Record<string, string>>;
  readonly exit: number;
  /** The command runs until it is interrupted. */
  readonly serves: boolean;
  /** Folder in which the block runs, relative to the folder of the page. */
  readonly folder: string;
  /** Lines that the output must contain. */
  readonly shows: readonly string[];
}

/** The reasons why a command of a page is not run. A block names one as `needs=REASON`. */
export const reasonsNotToRun = {
  network: 'It downloads something.',
  tools:
    'It needs a program that haf-pipeline does not install, such as docker, kubectl, sbatch, jq or nats-server.',
  root: 'It changes the machine, as root.',
  machines: 'It needs other machines, or a broker or a bucket on one of them.',
  hancock: 'It needs the files of HANCOCK.',
  gpu: 'It needs a GPU, or packages for one.',
  weights: 'It needs the weights of a published encoder.',
  minutes: 'It takes many minutes.',
} as const;

/** A fenced block of a page. */
export interface PageBlock {
  /** Line number in the page at which the block begins. */
  readonly line: number;
  readonly language: string;
  /** The rest of the first line of the block, after the language. */
  readonly info: string;
  readonly text: string;
  /** Position in the text of the page at which the block begins, in characters. */
  readonly index: number;
}

/** All fenced blocks of a page, in the order of the page. */
export function pageBlocks(page: string): readonly PageBlock[] {
  return [...page.matchAll(/^```([^ \n]*)([^\n]*)\n([^]*?)^```$/gm)].map(
    ({ index, 1: language = '', 2: info = '', 3: text = '' }) => ({
      ...{ language, info, text, index },
      line: page.slice(0, index).split('\n').length,
    }),
  );
}

/** The value of `name=VALUE` or `name="VALUE"` in the first line of a block; null without it. */
export const flagOf = (info: string, name: string): string | null =>
  new RegExp(` ${name}=(?:"([^"]*)"|(\\S+))`).exec(info)?.slice(1).find(Boolean) ?? null;

/** The blocks of a page that are run or written to a file, in the order of the page. */
export function pageSteps(page: string): readonly PageStep[] {
  const steps: PageStep[] = [];
  for (const { index, language, info, text, line } of pageBlocks(page)) {
    const flags = info.trim().split(' ');
    const file = flagOf(info, 'file');
    const more = flagOf(info, 'with') ?? '';
    const each = [...info.matchAll(/ with\.(\w+)="([^"]*)"/g)];
    const moreFor: Record<string, string> = {};
    for (const [, command = '', args = ''] of each) moreFor[command] = args;
    const exit = Number(flagOf(info, 'exit') ?? 0);
    const where = { folder: flagOf(info, 'folder') ?? '.', serves: flags.includes('serves') };
    const common = { line, text, file, more, moreFor, exit, ...where, shows: [] };
    const before = steps.at(-1);
    if (file !== null) steps.push({ ...common, language: 'file' });
    else if (flags.includes('run') && (language === 'sh' || language === 'js'))
      steps.push({ ...common, language });
    else if (language === 'text' && before && page.slice(0, index).endsWith(`${before.text}\`\`\`\n\n`))
      steps[steps.length - 1] = { ...before, shows: text.split('\n').filter((shown) => shown.trim() !== '') };
  }
  return steps;
}

const root = resolve(import.meta.dirname, '../..');

/** Makes a folder in which `haf-pipeline` is the built command line, both for a shell and for `import`. */
export function pageFolder(folder = mkdtempSync(join(tmpdir(), 'haf-page-'))): string {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules', 'haf-pipeline'));
  const command = join(folder, 'node_modules', 'haf-pipeline.sh');
  writeFileSync(
    command,
    `#!/bin/sh\neval "more=\\$HAF_PAGE_MORE_$(echo "$1" | tr -c "a-z\\n" _)"\nexec "${process.execPath}" "${root}/dist/bin/haf-pipeline.js" "$@" $HAF_PAGE_MORE $more\n`,
  );
  chmodSync(command, 0o755);
  mkdirSync(join(folder, 'node_modules', '.bin'));
  symlinkSync(command, join(folder, 'node_modules', '.bin', 'haf-pipeline'));
  return folder;
}

/** Runs a step. Returns the difference from the page; null if the step ends and prints as the page says. */
export async function runStep(step: PageStep, folder: string): Promise<string | null> {
  if (step.file !== null) {
    writeFileSync(join(folder, step.file), step.text);
    return null;
  }
  const [program, args]: [string, string[]] =
    step.language === 'sh'
      ? ['sh', ['-ec', step.text]]
      : [process.execPath, ['--input-type=module', '--eval', step.text]];
  const path = [join(folder, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: path, NO_COLOR: '1', HAF_PAGE_MORE: step.more };
  for (const [command, added] of Object.entries(step.moreFor)) env[`HAF_PAGE_MORE_${command}`] = added;
  const cwd = subfolder(folder, step.folder);
  const child = spawn(program, args, { cwd, env, stdio: 'pipe', detached: step.serves });
  if (step.serves) interruptAfter(child, step.shows);
  const { code, stdout, stderr } = await ended(child);
  const output = `${stderr}\n${stdout}`;
  if (code !== step.exit && !step.serves) return `line ${step.line}: ended with ${code}\n${output}`;
  const missing = firstMissing(step.shows, [stdout, stderr]);
  return missing === null ? null : `line ${step.line}: the output has no line "${missing}"\n${output}`;
}

/** Makes a folder below that of the page, with the same data and store. */
function subfolder(folder: string, name: string): string {
  const made = join(folder, name);
  if (existsSync(made)) return made;
  mkdirSync(made);
  for (const shared of ['data', 'DATA', '.haf', 'node_modules', 'slides', 'models'])
    symlinkSync(join(folder, shared), join(made, shared));
  return made;
}

/** Interrupts a command and its children as Ctrl-C does, after it has printed these lines or after a minute. */
function interruptAfter(child: ChildProcessWithoutNullStreams, shows: readonly string[]): void {
  const seen = ['', ''];
  const interrupt = (): void => {
    clearTimeout(timeout);
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
  };
  const timeout = setTimeout(interrupt, 60_000);
  child.once('close', () => clearTimeout(timeout));
  [child.stdout, child.stderr].forEach((stream, i) =>
    stream.on('data', (chunk: Buffer) => {
      seen[i] += chunk.toString();
      if (firstMissing(shows, seen) === null) interrupt();
    }),
  );
}

/**
 * Searches each line of `shows` in the streams, after the lines that were found in the same stream before. Returns the
 * first line that no stream contains. Null if all lines are found.
 */
export function firstMissing(shows: readonly string[], streams: readonly string[]): string | null {
  const places = streams.map(() => 0);
  for (const shown of shows) {
    const pattern = patternOf(shown.trim());
    const at = streams.findIndex((text, i) => {
      const found = pattern.exec(text.slice(places[i]));
      if (found) places[i] = (places[i] ?? 0) + found.index + found[0].length;
      return found !== null;
    });
    if (at < 0) return shown.trim();
  }
  return null;
}

/**
 * Makes a pattern from a line of a page. Three dots match any text, and spaces match any number of spaces, because
 * columns may be wider than on the page.
 */
function patternOf(shown: string): RegExp {
  const literal = (text: string): string =>
    text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, '[^\\S\\n]+');
  return new RegExp(shown.split('...').map(literal).join('[^\\n]*'));
}
