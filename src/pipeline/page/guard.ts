import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { hostname } from 'node:os';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { isIP } from 'node:net';

export interface GuardOptions {
  /** Readers must send this token. Null: everybody who reaches the port may read. */
  readonly token: string | null;
  /** Host names under which the page may be requested, in addition to IP addresses and the name of this machine. */
  readonly hosts: readonly string[];
  /** Whether cookies are sent over HTTPS only. */
  readonly secure: boolean;
}

/**
 * Allows scripts, styles and data of this server only. Pictures may be made in the page (`blob:`, `data:`), because the
 * slide viewer draws on canvases.
 */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * The headers of every answer. `frame-ancestors` keeps pages of other sites from embedding this page in a frame. It is
 * not in `contentPolicy`, because browsers accept it only in a header.
 */
export const withHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  const set = (name: string, value: string): void => {
    if (!context.res.headers.has(name)) context.res.headers.set(name, value);
  };
  set('content-security-policy', `${contentPolicy}; frame-ancestors 'none'`);
  set('cache-control', 'no-store');
  set('x-content-type-options', 'nosniff');
  set('referrer-policy', 'no-referrer');
  set('cross-origin-resource-policy', 'same-origin');
  set('cross-origin-opener-policy', 'same-origin');
};

const sameText = (a: string, b: string): boolean => {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
};

/**
 * Access control. A request is refused if its Host header does not name this server. Otherwise a page of another
 * site could read from a server on loopback by DNS rebinding: that site lets its own host name point to this
 * machine. A token comes as `Authorization: Bearer TOKEN`. `login` exchanges it for a cookie, because a browser does
 * not send this header for pictures and event streams.
 */
export function guard({ token, hosts, secure }: GuardOptions) {
  const session = randomBytes(24).toString('hex');
  // A cookie belongs to a host name and not to a port, so a page on another port of this machine must use another
  // cookie name.
  const cookie = `haf_page_${randomBytes(4).toString('hex')}`;
  const own = new Set(['localhost', hostname().toLowerCase(), ...hosts.map((host) => host.toLowerCase())]);
  const hasToken = (context: Context): boolean =>
    token === null || sameText(context.req.header('authorization') ?? '', `Bearer ${token}`);
  const mayRead = (context: Context): boolean =>
    hasToken(context) || sameText(getCookie(context, cookie) ?? '', session);
  const isOwnHost = (header: string): boolean => {
    const name = header.replace(/:\d+$/, '').toLowerCase();
    return own.has(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
  };
  const doors: MiddlewareHandler = async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (!isOwnHost(host))
      return context.text(
        'This server does not accept this host name. To allow it, start the page with --page-host NAME.\n',
        421,
      );
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD')
      return context.text('Only GET: the page is read-only.\n', 405);
    return next();
  };
  const readers: MiddlewareHandler = async (context, next) =>
    mayRead(context) ? next() : context.json({ error: 'A token is needed.' }, 401);
  const login = (context: Context): Response => {
    if (!hasToken(context)) return context.json({ error: 'The token is wrong.' }, 401);
    if (token !== null)
      setCookie(context, cookie, session, { httpOnly: true, sameSite: 'Strict', path: '/', secure });
    return context.body(null, 204);
  };
  return { doors, readers, login };
}
