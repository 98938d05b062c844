/** What is left over when a command has ended gets this long to end by itself. */
const lingerMs = 1000;

/**
 * Ends the process although something is left over that keeps it alive: the client of NATS leaves a socket open when a
 * server accepts a connection and stays silent. Output that a slow reader has not taken yet is written first.
 */
export function endProcess(): void {
  const end = (): void => {
    const unread = process.stdout.writableLength + process.stderr.writableLength;
    if (unread > 0) setTimeout(end, lingerMs).unref();
    else process.exit();
  };
  setTimeout(end, lingerMs).unref();
}
