import { execFileSync } from 'node:child_process';

/** A network namespace with one connection to this machine, which a test can cut. */
export interface Cable {
  /** Address of this machine on the connection. */
  readonly host: string;
  /** The beginning of a command line that runs a command inside the namespace. */
  readonly within: readonly string[];
  pull(): void;
  plug(): void;
  remove(): void;
}

const ip = (...args: string[]): unknown => execFileSync('ip', args, { stdio: 'pipe' });

/** Makes the namespace. Returns null, with a note on the console, if this is impossible: it needs root and iproute2. */
export function layCable(): Cable | null {
  const name = `haf-${process.pid}`;
  const [near, far] = [`hafa${process.pid}`, `hafb${process.pid}`];
  const subnet = `10.231.${process.pid % 250}`;
  const remove = (): void => {
    // Removes both ends of the connection.
    for (const args of [
      ['link', 'del', near],
      ['netns', 'del', name],
    ])
      try {
        ip(...args);
      } catch {
        // This end of the connection was never made, or it is already removed.
      }
  };
  try {
    ip('netns', 'add', name);
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far);
    ip('link', 'set', far, 'netns', name);
    ip('addr', 'add', `${subnet}.1/24`, 'dev', near);
    ip('link', 'set', near, 'up');
    ip('-n', name, 'addr', 'add', `${subnet}.2/24`, 'dev', far);
    ip('-n', name, 'link', 'set', far, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  } catch (error) {
    remove();
    console.warn(`SKIPPED: no network namespace (root and iproute2 needed): ${(error as Error).message}`);
    return null;
  }
  return {
    host: `${subnet}.1`,
    within: ['ip', 'netns', 'exec', name],
    pull: () => void ip('link', 'set', near, 'down'),
    plug: () => void ip('link', 'set', near, 'up'),
    remove,
  };
}
