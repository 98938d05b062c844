import { spawn } from 'node:child_process';
import { BrokerFolder } from '../broker/broker-folder.js';

/**
 * Shell script that watches the broker and outlives the commands. A shell takes one megabyte of memory, and Node
 * would take fifty. Every five seconds the script checks which commands of this machine use the broker. If no command
 * uses it, the script runs end-unused-broker.ts. The script continues to watch if that program ends with exit code 0.
 */
const script = `
while :; do
  used=
  for file in "$1"/users/*; do
    name=\${file##*/}
    pid=\${name%%-*}
    case $pid in ''|*[!0-9]*) continue ;; esac
    if kill -0 "$pid" 2>/dev/null; then used=yes; break; fi
    rm -f "$file"
  done
  [ -n "$used" ] || "$2" "$3" "$4" || exit 0
  sleep 5
done`;

// Tests run from the sources, but Node runs JavaScript, so the program is taken from the build.
const program = new URL(
  './end-unused-broker.js',
  import.meta.url.replace(/\/src\/([^]*)\.ts$/, '/dist/src/$1.js'),
).pathname;

/**
 * Starts a process that watches the broker of a store. Without this watcher, nobody would end the broker after a
 * SIGKILL of the last command that uses it.
 */
export function watchBroker(store: string): void {
  const folder = new BrokerFolder(store);
  if (folder.watcher() !== null) return;
  const watcher = spawn(
    '/bin/sh',
    ['-c', script, 'haf-broker', folder.path, process.execPath, program, store],
    {
      // The watcher's working directory is `/`, so that it keeps no folder busy. It is detached, so that Ctrl-C in the
      // terminal does not end it.
      ...{ cwd: '/', detached: true, stdio: 'ignore' },
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    },
  );
  // If the shell cannot be started, the broker runs without a watcher.
  watcher.once('error', () => undefined);
  if (watcher.pid !== undefined) folder.recordWatcher(watcher.pid);
  watcher.unref();
}
