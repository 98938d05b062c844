import pc from 'picocolors';
import { coloursOnly } from '../core/visible.js';

type Palette = ReturnType<typeof pc.createColors>;

/**
 * Colours for one stream. NO_COLOR or `--no-color` turns colours off. Otherwise FORCE_COLOR turns them on. Otherwise
 * they are on if the stream is a terminal and TERM is not `dumb`. stdout and stderr are decided separately, because
 * only one of them may be a pipe.
 */
export function paletteFor(
  stream: { readonly isTTY?: boolean },
  environment: NodeJS.ProcessEnv = process.env,
  argv: readonly string[] = process.argv,
): Palette {
  const refused = Boolean(environment.NO_COLOR) || argv.includes('--no-color');
  const forced = Boolean(environment.FORCE_COLOR) && environment.FORCE_COLOR !== '0';
  return pc.createColors(!refused && (forced || (stream.isTTY === true && environment.TERM !== 'dumb')));
}

/** Writes data to stdout, for scripts. */
export function printData(text: string): void {
  const shown = coloursOnly(text);
  process.stdout.write(shown.endsWith('\n') ? shown : `${shown}\n`);
}

/** Writes data as indented JSON to stdout. */
export const printJson = (value: unknown): void => printData(JSON.stringify(value, null, 2));

/** Writes a message for a person to stderr. */
export function say(text: string): void {
  process.stderr.write(`${coloursOnly(text)}\n`);
}

/** Warns about settings that are legal but most likely a mistake. */
export function sayWarnings(warnings: readonly string[]): void {
  const colors = paletteFor(process.stderr);
  for (const warning of warnings) say(`${colors.yellow('warning')} ${warning}`);
}
