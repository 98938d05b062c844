import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HafError } from '../core/errors.js';
import { homeFolder } from '../core/this-user.js';

/** Fields of a NATS context (design document ADR-21 of NATS) that change the connection and are not supported here. */
const unsupported = [
  'nsc',
  'user_jwt',
  'jetstream_domain',
  'jetstream_api_prefix',
  'socks_proxy',
  'tls_first',
] as const;

const text = z.string().default('');
const contextSchema = z.looseObject({
  url: text,
  token: text,
  user: text,
  password: text,
  creds: text,
  nkey: text,
  cert: text,
  key: text,
  ca: text,
});
export type NatsContext = z.infer<typeof contextSchema>;

/** Reads the context of the `nats` command line with this name. @throws HafError HAF_USAGE when it cannot be used */
export function readContext(name: string, environment: NodeJS.ProcessEnv): NatsContext {
  const folder = join(environment.XDG_CONFIG_HOME || join(homeFolder(), '.config'), 'nats/context');
  const path = join(folder, `${name}.json`);
  if (name !== '' && !/^[^/\\]+$/.test(name)) throw unusable(name, 'is no name of a context');
  let context: NatsContext;
  try {
    context = contextSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw unusable(name, missing ? `is not in ${folder}` : `is damaged (${path})`, error);
  }
  const foreign = unsupported.filter((field) => context[field]);
  if (foreign.length > 0) throw unusable(name, `uses ${foreign.join(', ')}, which is not supported here`);
  return context;
}

const unusable = (name: string, why: string, cause?: unknown): HafError =>
  new HafError(
    'HAF_USAGE',
    `The NATS context "${name}" ${why}.`,
    'See "nats context ls", or give --nats, --creds and --tlsca instead of a context.',
    { cause },
  );
