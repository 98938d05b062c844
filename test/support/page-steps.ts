import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ended } from './cli.js';

/**
 * Documentation pages show commands with their output, and the tests run these commands. A fenced block is run if its first line says
 * so:
 *
 *     ```sh run a shell script; ends at its first failing command
 *     ```sh run exit=78 ends with this exit code
 *     ```sh run with="--patients 24" adds these arguments to each haf-pipeline command, to make it short
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
  /** Arguments added to haf-pipeline commands. */
  readonly more: string;
  readonly exit: number;
  /** Lines that the output must contain. */
  readonly shows: readonly string[];
}

/** The blocks of a page that are run or written, in the order of the page. */
export function pageSteps(page: string): readonly PageStep[] {
  const steps: PageStep[] = [];
  for (const { index, 1: info = '', 2: text = '' } of page.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm)) {
    const [language, ...flags] = info.split(' ');
    const flag = (name: string): string | null =>
      new RegExp(`\\b${name}=(?:"([^"]*)"|(\\S+))`).exec(info)?.slice(1).find(Boolean) ?? null;
    const file = flag('file');
    const line = page.slice(0, index).split('\n').length;
    const common = { line, text, file, more: flag('with') ?? '', exit: Number(flag('exit') ?? 0), shows: [] };
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
    `#!/bin/sh\nexec "${process.execPath}" "${root}/dist/bin/haf-pipeline.js" "$@" $HAF_PAGE_MORE\n`,
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
  const env = { ...process.env, PATH: path, NO_COLOR: '1', HAF_PAGE_MORE: step.more };
  const { code, stdout, stderr } = await ended(spawn(program, args, { cwd: folder, env, stdio: 'pipe' }));
  const output = `${stderr}\n${stdout}`;
  if (code !== step.exit) return `line ${step.line}: ended with ${code}\n${output}`;
  const missing = firstMissing(step.shows, [stdout, stderr]);
  return missing === null ? null : `line ${step.line}: the output has no line "${missing}"\n${output}`;
}

/** Returns the first line of a page that none of the streams contains in this order. */
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
 * Makes a pattern from a line of a page. Three dots match any text, and spaces match any number of spaces, because columns may be
 * wider than on the page.
 */
function patternOf(shown: string): RegExp {
  const literal = (text: string): string =>
    text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, '[^\\S\\n]+');
  return new RegExp(shown.split('...').map(literal).join('[^\\n]*'));
}
