import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccount, createUser } from 'nkeys.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BrokerOptions, addressFrom } from '../../src/pipeline/broker/connect-options.js';
import { HafError } from '../../src/pipeline/core/errors.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'haf-connect-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const seed = new TextDecoder().decode(createUser().getSeed());

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function context(name: string, fields: Record<string, unknown>): NodeJS.ProcessEnv {
  mkdirSync(join(folder, 'nats/context'), { recursive: true });
  file(`nats/context/${name}.json`, JSON.stringify(fields));
  return { XDG_CONFIG_HOME: folder };
}

function fault(options: BrokerOptions, environment: NodeJS.ProcessEnv = {}): HafError {
  try {
    addressFrom(options, environment);
  } catch (error) {
    if (error instanceof HafError) return error;
    throw error;
  }
  throw new Error('expected an error');
}

describe('the address of a broker', () => {
  it('is null when nothing names one', () => {
    expect(addressFrom({}, { NATS_URL: '', NATS_CONTEXT: '' })).toBeNull();
    expect(addressFrom({}, { NATS_CREDS: '/no/such/file' })).toBeNull();
  });

  it('is read from a list of URLs, with the usual port and any host that is this machine', () => {
    expect(addressFrom({ nats: 'nats://127.0.0.1:4333, localhost,nats://[::1]:4334' }, {})).toEqual({
      servers: ['127.0.0.1:4333', 'localhost:4222', '[::1]:4334'],
      auth: { kind: 'none' },
      tls: null,
      origin: '--nats',
    });
  });

  it('takes a token or a password out of the URL', () => {
    expect(addressFrom({ nats: 'nats://s%40crt@localhost' }, {})?.auth).toEqual({
      kind: 'token',
      token: 's@crt',
    });
    expect(addressFrom({ nats: 'nats://me:pw@localhost' }, {})).toMatchObject({
      servers: ['localhost:4222'],
      auth: { kind: 'password', user: 'me', password: 'pw' },
    });
  });

  it.each([
    'http://localhost:4222',
    'nats://',
    '',
    'nats://localhost:99999',
    'nats://a/b',
    'my lab',
    'nats://%E0@h',
  ])('refuses %j without repeating it, since it may hold a password', (nats) => {
    const error = fault({ nats: `localhost,${nats}` });
    expect(error.code).toBe('HAF_USAGE');
    if (nats !== '') expect(error.what).not.toContain(nats);
  });

  it('prefers options to variables and variables to fields of a context', () => {
    const creds = file('option.nk', seed);
    const other = new TextDecoder().decode(createUser().getSeed());
    const environment = {
      ...context('lab', { url: 'nats://127.0.0.3', creds: file('context.nk', other) }),
      NATS_URL: 'nats://127.0.0.2',
      NATS_CONTEXT: 'lab',
    };
    const options = { nats: 'nats://127.0.0.1', creds };
    expect(addressFrom(options, environment)).toMatchObject({ origin: '--nats', auth: { seed } });
    expect(addressFrom({}, environment)).toMatchObject({ servers: ['127.0.0.2:4222'], origin: 'NATS_URL' });
    expect(addressFrom({ context: 'lab' }, { ...environment, NATS_CREDS: creds })).toMatchObject({
      servers: ['127.0.0.3:4222'],
      auth: { seed },
      origin: 'context "lab"',
    });
    expect(addressFrom({}, { ...environment, NATS_URL: '' })).toMatchObject({ auth: { seed: other } });
  });
});

describe('a context', () => {
  it('may carry nkey, user, token and authority', () => {
    const lab = (fields: Record<string, unknown>) =>
      addressFrom({ context: 'lab' }, context('lab', { url: 'tls://lab.example', ...fields }));
    expect(lab({ nkey: file('u.nk', `${seed}\n`) })?.auth).toEqual({ kind: 'nkey', seed });
    expect(lab({ user: 'me', password: 'pw' })?.auth).toEqual({
      kind: 'password',
      user: 'me',
      password: 'pw',
    });
    expect(lab({ token: 't' })?.auth).toEqual({ kind: 'token', token: 't' });
    expect(lab({ ca: file('ca.pem', 'PEM'), nsc: '' })?.tls).toEqual({ ca: 'PEM' });
  });

  it('must exist, be whole, and ask for nothing that we do not do', () => {
    expect(fault({ context: 'nope' }, { XDG_CONFIG_HOME: folder }).what).toContain('is not in');
    expect(fault({ context: '../x' }, { XDG_CONFIG_HOME: folder }).what).toContain('no name');
    const environment = context('lab', { url: 'nats://localhost', jetstream_domain: 'hub' });
    expect(fault({ context: 'lab' }, environment).what).toContain('jetstream_domain');
    expect(fault({ context: 'empty' }, context('empty', { url: '' })).what).toContain('names no URL');
    file('nats/context/bad.json', '{');
    expect(fault({ context: 'bad' }, environment).what).toContain('damaged');
  });
});

describe('credentials', () => {
  const creds = `-----BEGIN NATS USER JWT-----\neyJ0\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
  const local = (path: string, insecure = false) =>
    addressFrom({ nats: 'localhost', creds: path, insecure }, {})?.auth;

  it('are told apart by what is in the file', () => {
    expect(local(file('a.creds', creds))).toEqual({ kind: 'creds', text: creds });
    expect(local(file('a.nk', `${seed}\n`))).toEqual({ kind: 'nkey', seed });
  });

  it('are refused when damaged or of another kind', () => {
    const account = new TextDecoder().decode(createAccount().getSeed());
    for (const text of [
      '',
      'hello',
      seed.slice(0, 20) + (seed[20] === 'A' ? 'B' : 'A') + seed.slice(21),
      account,
      seed.slice(0, 20),
    ]) {
      const error = fault({ nats: 'localhost', creds: file('bad.nk', text) });
      expect(error.code).toBe('HAF_USAGE');
      expect(error.message).not.toContain(seed.slice(0, 20));
    }
    expect(fault({ nats: 'localhost', creds: join(folder, 'none') }).what).toContain('does not exist');
  });

  it.each([0o640, 0o604, 0o620])('are refused when others may use the file (mode %o)', (mode) => {
    const path = file('open.nk', seed, mode);
    const error = fault({ nats: 'localhost', creds: path });
    expect(error).toMatchObject({ code: 'HAF_INSECURE', exitCode: 64, fix: `chmod 600 ${path}` });
    expect(local(path, true)).toEqual({ kind: 'nkey', seed });
  });

  it('are held to the same in a variable, a context and the key of a certificate', () => {
    const open = file('open.nk', seed, 0o644);
    expect(fault({ nats: 'localhost' }, { NATS_CREDS: open }).what).toContain('NATS_CREDS');
    expect(fault({ context: 'lab' }, context('lab', { url: 'localhost', creds: open })).code).toBe(
      'HAF_INSECURE',
    );
    const pair = { tlscert: file('c.pem', 'C'), tlskey: file('k.pem', 'K', 0o644) };
    expect(fault({ nats: 'tls://localhost', ...pair }).code).toBe('HAF_INSECURE');
    expect(fault({ nats: 'tls://localhost', tlscert: pair.tlscert }).what).toContain(
      'its key must be given together',
    );
  });

  it('without a broker are a mistake', () => {
    expect(fault({ creds: file('a.nk', seed) }).fix).toContain('--nats');
  });
});

describe('plaintext', () => {
  it.each([
    'nats://10.0.0.5',
    'lab',
    'nats://127.0.0.1.evil.example',
    'nats://[2001:db8::1]',
    'localhost,lab',
  ])('to %s is refused', (nats) => {
    const error = fault({ nats });
    expect(error).toMatchObject({ code: 'HAF_INSECURE', exitCode: 64 });
    expect(error.fix).toContain('tls://');
    expect(addressFrom({ nats, insecure: true }, {})?.tls).toBeNull();
  });

  it('is not what tls:// or an authority means', () => {
    expect(addressFrom({ nats: 'tls://lab' }, {})?.tls).toEqual({});
    expect(addressFrom({ nats: 'nats://lab', tlsca: file('ca.pem', 'PEM') }, {})?.tls).toEqual({ ca: 'PEM' });
    expect(addressFrom({ nats: 'nats://lab,tls://lab2' }, {})?.tls).toEqual({});
  });
});
