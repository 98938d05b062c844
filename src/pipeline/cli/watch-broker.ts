import { spawn } from 'node:child_process';
import { BrokerFolder } from '../broker/broker-folder.js';

/**
 * A process of a shell, because it has to outlive the commands and takes a megabyte where Node takes fifty. It looks every five
 * seconds which commands of this machine use the broker. When none is left, the program decides: 0 goes on watching.
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

// Tests run from the sources; Node runs JavaScript, which lies in the build.
const program = new URL(
  './end-unused-broker.js',
  import.meta.url.replace(/\/src\/([^]*)\.ts$/, '/dist/src/$1.js'),
).pathname;

/** Watches the broker of a store: after a SIGKILL of the last command that uses it, nobody else would end it. */
export function watchBroker(store: string): void {
  const folder = new BrokerFolder(store);
  if (folder.watcher() !== null) return;
  const watcher = spawn(
    '/bin/sh',
    ['-c', script, 'haf-broker', folder.path, process.execPath, program, store],
    {
      // It must keep no folder busy, and Ctrl-C in the terminal is not for it.
      ...{ cwd: '/', detached: true, stdio: 'ignore' },
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    },
  );
  // Without a shell the broker is watched by nobody, as it is while no command runs.
  watcher.once('error', () => undefined);
  if (watcher.pid !== undefined) folder.recordWatcher(watcher.pid);
  watcher.unref();
}
