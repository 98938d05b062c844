import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const s3Bucket = 'haf-test';
export const s3Credentials = { AWS_ACCESS_KEY_ID: 'test-key', AWS_SECRET_ACCESS_KEY: 'test-secret' };

interface Kind {
  readonly command: string;
  /** Whether the server checks signatures. Only such a server can show the effect of wrong credentials. */
  readonly authenticates: boolean;
  /** Command-line arguments with which the server serves an empty bucket from a new folder. */
  readonly args: (address: string, folder: string) => readonly string[];
}

const kinds: readonly Kind[] = [
  {
    // A gateway that laboratories use; takes minutes to build.
    command: 'versitygw',
    authenticates: true,
    args: (address, folder) => [
      ...['--port', address, '--access', s3Credentials.AWS_ACCESS_KEY_ID],
      ...['--secret', s3Credentials.AWS_SECRET_ACCESS_KEY],
      ...['posix', '--sidecar', made(folder, 'meta'), join(made(folder, 'data', s3Bucket), '..')],
    ],
  },
  {
    // A server made for tests; takes seconds to build.
    command: 'gofakes3',
    authenticates: false,
    args: (address, folder) => [
      ...['-host', address, '-backend', 'bolt', '-bolt.db', join(folder, 's3.db')],
      ...['-initialbucket', s3Bucket],
    ],
  },
];

/**
 * The S3 server that is installed on this machine. If there is none, the tests that need a server are skipped and print
 * a note.
 */
export const s3Server = kinds.find(({ command }) => !spawnSync(command, ['--help']).error) ?? null;
if (s3Server === null)
  console.warn(
    'SKIPPED: no S3 server on the PATH (go install github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0, or github.com/versity/versitygw/cmd/versitygw@v1.8.0)',
  );

export interface RunningS3 {
  readonly endpoint: string;
  /** Kills the server. Its stored objects remain. */
  stop(): Promise<void>;
  /** Starts the server again on the same port. */
  start(): Promise<void>;
}

/** Starts a separate server on a free port, with one empty bucket. */
export async function startS3Server(): Promise<RunningS3> {
  if (s3Server === null) throw new Error('no S3 server on the PATH');
  const { command, args } = s3Server;
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const commandLine = args(address, mkdtempSync(join(tmpdir(), 'haf-s3-')));
  let child: ChildProcess | null = null;
  const server: RunningS3 = {
    endpoint: `http://${address}`,
    start: async () => {
      const started = spawn(command, commandLine, { stdio: 'ignore' });
      child = started;
      while (!(await listens(port))) {
        if (started.exitCode !== null) throw new Error(`${command} ended with ${started.exitCode}`);
        await delay(50);
      }
    },
    stop: async () => {
      if (!child || child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      child = null;
    },
  };
  await server.start();
  return server;
}

function made(...parts: readonly string[]): string {
  const folder = join(...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (up: boolean) => (): void => {
      socket.destroy();
      resolve(up);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
