/** Time that open handles get to close after a command has ended. */
const lingerMs = 1000;

/**
 * Ends the process although open handles still keep it alive. The NATS client leaves a socket open when a server
 * accepts a connection and then stays silent. Output that a slow reader has not taken yet is written first.
 */
export function endProcess(): void {
  const end = (): void => {
    const unread = process.stdout.writableLength + process.stderr.writableLength;
    if (unread > 0) setTimeout(end, lingerMs).unref();
    else process.exit();
  };
  setTimeout(end, lingerMs).unref();
}
