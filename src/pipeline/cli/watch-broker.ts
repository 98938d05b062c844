import { spawn } from 'node:child_process';
import { BrokerFolder } from '../broker/broker-folder.js';

/**
 * Watches the broker in a shell process. It has to outlive the commands, and a shell takes one megabyte where Node
 * takes fifty. Every five seconds it checks which commands of this machine use the broker. If there are none, it runs
 * the program; exit code 0 of the program means: continue to watch.
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
 * Watches the broker of a store. Without it, nobody would end the broker after a SIGKILL of the last command that
 * uses it.
 */
export function watchBroker(store: string): void {
  const folder = new BrokerFolder(store);
  if (folder.watcher() !== null) return;
  const watcher = spawn(
    '/bin/sh',
    ['-c', script, 'haf-broker', folder.path, process.execPath, program, store],
    {
      // Its working directory is `/`, so that it keeps no folder busy. It is detached, so that Ctrl-C in the terminal
      // does not end it.
      ...{ cwd: '/', detached: true, stdio: 'ignore' },
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    },
  );
  // Without a shell nobody watches the broker.
  watcher.once('error', () => undefined);
  if (watcher.pid !== undefined) folder.recordWatcher(watcher.pid);
  watcher.unref();
}
