import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Socket state LISTEN in /proc/net/tcp. */
const listening = '0A';

/** The process that listens on a port, if the system reports it (Linux, a process of this user). Null otherwise. */
export function portOwner(port: number): string | null {
  const sockets = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listenersOn(port, table)));
  if (sockets.size === 0) return null;
  for (const pid of entriesOf('/proc').filter((name) => /^\d+$/.test(name)))
    for (const fd of entriesOf(`/proc/${pid}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined && sockets.has(inode)) return `process ${pid} (${commandOf(pid)})`;
    }
  return null;
}

function listenersOn(port: number, table: string): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return textOf(table)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local = '', , state, , , , , , inode]) =>
      state === listening && local.endsWith(wanted) && inode ? [inode] : [],
    );
}

const commandOf = (pid: string): string =>
  textOf(`/proc/${pid}/cmdline`).split('\0').filter(Boolean).slice(0, 4).join(' ').slice(0, 120);

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function entriesOf(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
